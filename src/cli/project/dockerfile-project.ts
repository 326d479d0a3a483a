/**
 * A project that is described by a Dockerfile. Pure.
 *
 * One that only copies the project onto an image is understood: its image is run, and the files are synced to where they
 * would have been copied. What has to be built must be built before: nothing is guessed.
 */
import { UsageError } from '../usage-error.ts';
import { type DetectedProject, usualWorkdir } from './detected-project.ts';
import { parsePortPair } from './port-pair.ts';
import type { ProjectFiles } from './project-files.ts';

/** What those of a Dockerfile mean that need no build. */
interface Described {
  image: string | undefined;
  workdir: string | undefined;
  entrypoint: readonly string[];
  command: readonly string[];
  readonly env: string[];
  readonly ports: string[];
}

/** They say nothing about how a program is run while it is developed. */
const withoutMeaning: ReadonlySet<string> = new Set([
  'LABEL',
  'MAINTAINER',
  'STOPSIGNAL',
  'HEALTHCHECK',
  'VOLUME',
  'USER',
]);

/** @throws UsageError for one that has to be built */
export function detectDockerfile(files: ProjectFiles): DetectedProject | undefined {
  const because = ['Dockerfile', 'Containerfile'].find((name) => files.has(name));
  if (because === undefined) return undefined;
  const described: Described = {
    image: undefined,
    workdir: undefined,
    entrypoint: [],
    command: [],
    env: [],
    ports: [],
  };
  for (const { instruction, rest, line } of instructionsOf(files.get(because) ?? '')) {
    if (!takes(described, instruction, rest)) throw mustBeBuilt(because, line, instruction);
  }
  const { image, workdir = usualWorkdir, entrypoint, command, env, ports } = described;
  if (image === undefined) throw new UsageError(`${because} names no image: FROM is missing`);
  const port = (text: string) => parsePortPair(text, `${because}: invalid EXPOSE ${text}`);
  return {
    kind: 'dockerfile',
    because,
    image,
    workdir,
    command: [...entrypoint, ...command],
    env,
    ports: ports.map(port),
  };
}

/** False for what only a build can do. */
function takes(described: Described, instruction: string, rest: string): boolean {
  switch (instruction) {
    case 'FROM':
      if (described.image !== undefined || /[\s$]/.test(rest)) return false;
      described.image = rest;
      return true;
    case 'WORKDIR':
      if (!/^\/[^\s$]+$/.test(rest)) return false;
      described.workdir = rest;
      return true;
    case 'ENTRYPOINT':
      described.entrypoint = wordsOf(rest);
      return true;
    case 'CMD':
      described.command = wordsOf(rest);
      return true;
    case 'ENV': {
      const pairs = [...rest.matchAll(/([A-Za-z_]\w*)=(?:"([^"$\\]*)"|([^\s"$\\]*))(?:\s+|$)/g)];
      if (pairs.map(([whole]) => whole).join('') !== rest) return false;
      described.env.push(...pairs.map(([, name, quoted, plain]) => `${name}=${quoted ?? plain}`));
      return true;
    }
    case 'EXPOSE':
      described.ports.push(...rest.split(/\s+/).filter((port) => !port.endsWith('/udp')));
      return true;
    case 'COPY':
    case 'ADD':
      return keepsPlaces(rest, described.workdir);
    default:
      return withoutMeaning.has(instruction);
  }
}

/** Whether what is copied lies in the working directory as it lies in the project. */
function keepsPlaces(rest: string, workdir: string | undefined): boolean {
  const words = rest.split(/\s+/).map(plainPath);
  const target = words.at(-1) ?? '';
  const sources = words.slice(0, -1);
  if (workdir === undefined || rest.startsWith('[') || rest.startsWith('--') || /[$*?]|:\/\//.test(rest)) return false;
  const isWorkdir = target === '.' || target === workdir;
  return sources.every((source) => (isWorkdir ? source === '.' || isFile(source) : source === target));
}

/** One of the project's own directory: a directory's contents would be copied without it. */
function isFile(path: string): boolean {
  return !path.includes('/') && /\.[a-z]+$/i.test(path);
}

function plainPath(text: string): string {
  return text.replace(/^\.\/(?=.)/, '').replace(/(?<=.)\/+$/, '') || '.';
}

/** `["node", "x"]`, or what a shell is to read. */
function wordsOf(rest: string): readonly string[] {
  if (rest.startsWith('[')) {
    try {
      return (JSON.parse(rest) as readonly unknown[]).map(String);
    } catch {
      // As docker: then it is a shell's.
    }
  }
  return ['sh', '-c', rest];
}

function instructionsOf(
  text: string,
): readonly { readonly instruction: string; readonly rest: string; readonly line: number }[] {
  const found: { instruction: string; rest: string; line: number }[] = [];
  let pending = '';
  let begunAt = 0;
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.trim();
    if (line.startsWith('#') || (line === '' && pending === '')) continue;
    if (pending === '') begunAt = index + 1;
    pending = `${pending} ${line.replace(/\\$/, '')}`.trim();
    if (line.endsWith('\\')) continue;
    const [, instruction = '', rest = ''] = /^(\S+)\s*(.*)$/s.exec(pending) ?? [];
    found.push({ instruction: instruction.toUpperCase(), rest: rest.trim(), line: begunAt });
    pending = '';
  }
  return found;
}

function mustBeBuilt(file: string, line: number, instruction: string): UsageError {
  return new UsageError(
    `${file}:${line}: ${instruction} needs a build, which eli does not do`,
    'build the image here and name it with --image: one that only your docker or podman has is pushed to the device',
  );
}
