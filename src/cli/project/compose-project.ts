/** A project that is described by a compose file: the service that runs its sources. Pure. */
import { parse } from 'yaml';
import { UsageError } from '../usage-error.ts';
import { type DetectedProject, usualWorkdir } from './detected-project.ts';
import { parseCommand } from './on-change.ts';
import { parsePortPair } from './port-pair.ts';
import type { ProjectFiles } from './project-files.ts';

type Fields = Readonly<Record<string, unknown>>;

const names = ['compose.yaml', 'compose.yml', 'docker-compose.yaml', 'docker-compose.yml'];

/** @throws UsageError when it cannot be read, or it is not clear which service is meant */
export function detectCompose(files: ProjectFiles): DetectedProject | undefined {
  const because = names.find((name) => files.has(name));
  if (because === undefined) return undefined;
  const [name, service] = chooseService(because, files.get(because) ?? '');
  const { image, entrypoint, command, working_dir: directory } = service;
  if (typeof image !== 'string') {
    throw new UsageError(
      `${because}: service "${name}" has no image, but is to be built, which eli does not do`,
      'build the image here and name it with --image: one that only your docker or podman has is pushed to the device',
    );
  }
  const target = synced(service) ?? (typeof directory === 'string' ? directory : usualWorkdir);
  const port = (text: unknown) => parsePortPair(String(text), `${because}: port "${text}" of service "${name}"`);
  return {
    kind: 'compose',
    because,
    image,
    workdir: target,
    command: [...wordsOf(entrypoint), ...wordsOf(command)],
    env: environmentOf(service['environment']),
    ports: listOf(service['ports']).map(port),
  };
}

function chooseService(file: string, text: string): readonly [string, Fields] {
  const services = recordOf(recordOf(read(file, text))['services']);
  const all = Object.entries(services).map(([name, service]) => [name, recordOf(service)] as const);
  const ours = all.filter(([, service]) => service['build'] !== undefined || synced(service) !== undefined);
  const [only, ...others] = ours.length > 0 ? ours : all;
  if (only === undefined) throw new UsageError(`${file} has no services`);
  if (others.length > 0) {
    const list = [only, ...others].map(([name]) => name).join(', ');
    throw new UsageError(
      `${file} has several services (${list}), and eli up runs one`,
      'say in .eliot.yml which image and which command: "eli up --init --image IMAGE" writes one',
    );
  }
  return only;
}

function read(file: string, text: string): unknown {
  try {
    return parse(text, { maxAliasCount: 1_000 });
  } catch (cause) {
    throw new UsageError(`${file}: ${cause instanceof Error ? cause.message : cause}`, undefined, { cause });
  }
}

/** Where the directory of the project is mounted. */
function synced(service: Fields): string | undefined {
  const mounts = listOf(service['volumes']).map((volume) => /^\.\/?:([^:]+)/.exec(String(volume))?.[1]);
  return mounts.find((target) => target !== undefined);
}

function environmentOf(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.map(String);
  return Object.entries(recordOf(value)).map(([name, text]) => (text === null ? name : `${name}=${text}`));
}

function wordsOf(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.map(String);
  return typeof value === 'string' ? parseCommand(value) : [];
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function recordOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}
