/** The files of a directory by which a project is known. */
import type { FileAccess } from '../io.ts';

/**
 * Paths from the directory of the project, and the text of those that decide; the others are there, and their text is not
 * known.
 */
export type ProjectFiles = ReadonlyMap<string, string | undefined>;

/** Those whose text says something. */
const telling: ReadonlySet<string> = new Set([
  'package.json',
  '.nvmrc',
  '.node-version',
  '.python-version',
  'go.mod',
  'pyproject.toml',
  'requirements.txt',
  'Cargo.toml',
  'Dockerfile',
  'Containerfile',
  'compose.yaml',
  'compose.yml',
  'docker-compose.yaml',
  'docker-compose.yml',
]);

/** Where programs of Go and Python may lie, as the first Eliot looked for them. */
const folders = ['pkg', 'cmd'] as const;

/** No file that describes a project is larger. */
const longestText = 1024 * 1024;

/** @param directory path of the project; rejects with Node's error when it cannot be read */
export async function readProjectFiles(
  directory: string,
  files: Pick<FileAccess, 'readDirectory' | 'readFile' | 'kindOf' | 'sizeOf'>,
): Promise<ProjectFiles> {
  const found = new Map<string, string | undefined>();
  for (const name of (await files.readDirectory(directory)).sort()) {
    const path = `${directory}/${name}`;
    const isTelling = telling.has(name) && (await files.kindOf(path)) === 'file';
    const isShort = isTelling && (await files.sizeOf(path)) <= longestText;
    found.set(name, isShort ? (await files.readFile(path)).toString('utf8') : undefined);
  }
  for (const folder of folders) {
    if (!found.has(folder) || (await files.kindOf(`${directory}/${folder}`)) !== 'directory') continue;
    for (const name of (await files.readDirectory(`${directory}/${folder}`)).sort()) {
      found.set(`${folder}/${name}`, undefined);
    }
  }
  return found;
}
