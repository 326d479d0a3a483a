/** A project of Node: `package.json`. Pure. */
import { UsageError } from '../usage-error.ts';
import { afterInstall, type DetectedProject, usualWorkdir } from './detected-project.ts';
import { parseCommand } from './on-change.ts';
import type { ProjectFiles } from './project-files.ts';

interface Package {
  readonly main?: unknown;
  readonly scripts?: Readonly<Record<string, unknown>>;
  readonly engines?: Readonly<Record<string, unknown>>;
  readonly dependencies?: Readonly<Record<string, unknown>>;
}

/** The files that `npm start` and people think of first. */
const usualFiles = ['server.js', 'index.js', 'app.js', 'main.js', 'server.mjs', 'index.mjs', 'index.ts', 'main.ts'];

/** @throws UsageError when package.json is no JSON */
export function detectNode(files: ProjectFiles): DetectedProject | undefined {
  const text = files.get('package.json');
  if (text === undefined) return undefined;
  const described = parsePackage(text);
  const program = programOf(described, files);
  return {
    kind: 'node',
    because: 'package.json',
    image: `docker.io/library/node:${versionOf(described, files) ?? 'latest'}`,
    workdir: usualWorkdir,
    command: program && withPackages(program, described),
    env: [],
    ports: [],
  };
}

function parsePackage(text: string): Package {
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === 'object' && parsed !== null) return parsed as Package;
  } catch (cause) {
    throw new UsageError(`package.json is no JSON: ${cause instanceof Error ? cause.message : cause}`, undefined, {
      cause,
    });
  }
  throw new UsageError('package.json is no JSON object');
}

/** A start script that only starts Node is run without npm: signals and the exit code are then the program's own. */
function programOf({ scripts, main }: Package, files: ProjectFiles): readonly string[] | undefined {
  const start = scripts?.['start'];
  if (typeof start === 'string') {
    const words = parseCommand(start);
    return words[0] === 'node' ? words : ['npm', 'start'];
  }
  if (typeof main === 'string' && main !== '') return ['node', main];
  const file = usualFiles.find((name) => files.has(name));
  return file === undefined ? undefined : ['node', file];
}

/** Packages of the laptop may be for another architecture, and most projects ignore them: they are installed on the device. */
function withPackages(program: readonly string[], { dependencies = {} }: Package): readonly string[] {
  if (Object.keys(dependencies).length === 0) return program;
  const install = 'npm install --no-audit --no-fund';
  return afterInstall('package.json', 'node_modules/.eliot-installed', install, program.join(' '));
}

function versionOf({ engines }: Package, files: ProjectFiles): string | undefined {
  for (const name of ['.nvmrc', '.node-version']) {
    const said = files.get(name)?.trim().toLowerCase() ?? '';
    if (said.startsWith('lts')) return 'lts';
    const [, version] = /^v?(\d+(?:\.\d+){0,2})$/.exec(said) ?? [];
    if (version !== undefined) return version;
  }
  // What is open above takes the newest.
  const [, major] = /^[\^~=v\s]*(\d+)(?:\.[\dx*]+){0,2}$/.exec(String(engines?.['node'] ?? '').trim()) ?? [];
  return major;
}
