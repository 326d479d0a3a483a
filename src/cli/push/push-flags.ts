/** The flags of `eli push`, as they are typed and as they are meant. Pure. */
import { normalizeImageReference, parseImageReference } from '../../api/image-reference.ts';
import type { Engine } from '../local-images/engine.ts';
import { UsageError } from '../usage-error.ts';

export interface PushFlags {
  /** `docker` or `podman`. */
  readonly from?: string;
  readonly directory?: string;
  readonly base?: string;
  readonly to?: string;
  readonly entrypoint?: string;
  readonly cmd?: string;
  readonly workdir?: string;
  readonly env?: readonly string[];
}

/** Where the files of a directory are, when nobody says it. */
const defaultPath = '/app';

/** What is made of a directory. */
export interface Building {
  readonly directory: string;
  readonly base: string | undefined;
  readonly to: string;
  readonly entrypoint: readonly string[] | undefined;
  readonly cmd: readonly string[] | undefined;
  readonly workingDir: string;
  readonly env: readonly string[];
}

/** @throws UsageError for what makes sense with --directory only, or cannot be meant; undefined without --directory */
export function parseBuilding(flags: PushFlags): Building | undefined {
  const { directory, base, to, entrypoint, cmd, workdir, env = [] } = flags;
  if (directory === undefined) {
    const stray = (['base', 'to', 'entrypoint', 'cmd', 'workdir', 'env'] as const).find(
      (name) => flags[name] !== undefined,
    );
    if (stray !== undefined)
      throw new UsageError(`--${stray} says how a directory becomes an image: add --directory DIR`);
    return undefined;
  }
  if (flags.from !== undefined && base === undefined)
    throw new UsageError('--from says whose the --base is: add --base NAME');
  const path = to ?? workdir ?? defaultPath;
  for (const [flag, value] of [
    ['--to', path],
    ['--workdir', workdir ?? path],
  ] as const) {
    if (!value.startsWith('/') || value.split('/').includes('..')) {
      throw new UsageError(`${flag} ${value}: expected an absolute path, without ".."`);
    }
  }
  const nameless = env.find((variable) => !/^[^=]+=/.test(variable));
  if (nameless !== undefined) throw new UsageError(`--env ${nameless}: expected NAME=value`);
  return {
    directory,
    base,
    to: path,
    entrypoint: entrypoint === undefined ? undefined : parseWords('--entrypoint', entrypoint),
    cmd: cmd === undefined ? undefined : parseWords('--cmd', cmd),
    workingDir: workdir ?? path,
    env,
  };
}

/** As in a Dockerfile: a JSON list of words; else a line for the shell. */
function parseWords(flag: string, text: string): readonly string[] {
  if (!text.trimStart().startsWith('[')) return ['/bin/sh', '-c', text];
  try {
    const words: unknown = JSON.parse(text);
    if (Array.isArray(words) && words.every((word) => typeof word === 'string')) return words;
  } catch {
    // Told below.
  }
  throw new UsageError(`${flag} ${text}: expected a line for the shell, or a list: '["node","server.js"]'`);
}

export function parseEngine(text: string | undefined): Engine | undefined {
  if (text === undefined || text === 'docker' || text === 'podman') return text;
  throw new UsageError(`--from ${text}: expected docker or podman`);
}

/** The full name. @throws UsageError for a digest, StatusError `Invalid` for what is no name */
export function parsePushedName(text: string): string {
  if (parseImageReference(text).tag === undefined) {
    throw new UsageError(`${text} is no name for a pushed image: it needs a tag, not a digest`);
  }
  return normalizeImageReference(text);
}
