/**
 * An image made of a directory: one layer with its files, on top of another image or of nothing. What needs commands to be run
 * inside is a Dockerfile's work.
 */
import { createHash } from 'node:crypto';
import { relative, resolve, sep } from 'node:path';
import { packTar } from 'modern-tar/fs';
import { IgnoreRules, ignoreKindOf } from '../../lib/tree/ignore-rules.ts';
import type { CliIo } from '../io.ts';
import { temporaryPath } from '../temporary-path.ts';
import { UsageError } from '../usage-error.ts';
import type { LocalImage, LocalImages } from './local-image.ts';

/** What is made of a directory. */
export interface BuildOptions {
  /** Full name of what is made. */
  readonly name: string;
  readonly directory: string;
  /** Where its files are in the image; absolute. */
  readonly to: string;
  /** One for the device; undefined: nothing is below the directory. */
  readonly base: LocalImage | undefined;
  /** Of the device, for what has no base. */
  readonly architecture: string;
  /** Undefined: as the base has it. */
  readonly entrypoint?: readonly string[] | undefined;
  readonly cmd?: readonly string[] | undefined;
  readonly workingDir?: string | undefined;
  /** `NAME=value`, before those of the base of the same name. */
  readonly env?: readonly string[] | undefined;
}

/** What of a configuration is read or changed; everything else stays as it is. */
interface Configuration {
  readonly config?: Readonly<Record<string, unknown>> & { readonly Env?: readonly string[] | null };
  readonly rootfs?: { readonly diff_ids?: readonly string[] };
  readonly history?: readonly unknown[];
}

/**
 * Packs the directory, without what `.dockerignore` and `.eliotignore` leave out, into a file for as long as the image is used. The same files, time stamps included, make the same image.
 *
 * @throws UsageError when the directory is none, or cannot be read
 */
export async function buildImage(
  io: Pick<CliIo, 'files' | 'env'>,
  options: BuildOptions,
  signal: AbortSignal,
): Promise<LocalImages> {
  const { name, directory, to, base } = options;
  if ((await io.files.kindOf(directory)) !== 'directory') throw new UsageError(`${directory} is no directory`);
  const path = temporaryPath(io, 'eli-layer-*.tar');
  const close = (): Promise<void> => io.files.removeFile(path);
  const rules = await readIgnoreRules(io, directory);
  const hash = createHash('sha256');
  let storedBytes = 0;
  const hashed = async function* (): AsyncGenerator<Uint8Array> {
    // As COPY of a Dockerfile: whoever has them here, root has them there.
    const target = to.replace(/^\/+|\/+$/g, '') || '.';
    const source = resolve(directory);
    const filter = (path: string, stats: { isDirectory(): boolean }): boolean => {
      const inside = relative(source, path).split(sep).join('/');
      return inside === '' || !rules.ignores(inside, stats.isDirectory());
    };
    const packed = packTar([{ type: 'directory', source, target, uid: 0, gid: 0 }], { filter });
    for await (const piece of packed as AsyncIterable<Buffer>) {
      signal.throwIfAborted();
      hash.update(piece);
      storedBytes += piece.length;
      yield piece;
    }
  };
  try {
    await io.files.writeFile(path, hashed(), 0o600);
  } catch (cause) {
    await close();
    signal.throwIfAborted();
    throw new UsageError(`cannot read ${directory}: ${cause instanceof Error ? cause.message : cause}`, undefined, {
      cause,
    });
  }
  const diffID = `sha256:${hash.digest('hex')}`;
  const layer = { diffID, storedBytes, open: () => io.files.openFile(path) as AsyncIterable<Uint8Array> };
  const image: LocalImage = {
    names: [name],
    os: 'linux',
    architecture: base?.architecture ?? options.architecture,
    configuration: configure(options, diffID),
    layers: [...(base?.layers ?? []), layer],
  };
  return { source: directory, images: [image], close };
}

/** As docker's builder leaves files out, and git's own directory; what git leaves out may be just what was built. */
async function readIgnoreRules({ files }: Pick<CliIo, 'files'>, directory: string): Promise<IgnoreRules> {
  const rules = new IgnoreRules();
  for (const name of ['.dockerignore', '.eliotignore']) {
    const kind = ignoreKindOf(name);
    const path = `${directory}/${name}`;
    if (kind === undefined || (await files.kindOf(path)) !== 'file') continue;
    rules.add({ kind, directory: '', text: (await files.readFile(path)).toString('utf8') });
  }
  return rules;
}

function configure({ base, architecture, directory, to, ...change }: BuildOptions, diffID: string): Buffer {
  const before = (
    base === undefined ? { os: 'linux', architecture } : JSON.parse(base.configuration.toString('utf8'))
  ) as Configuration;
  const { entrypoint, cmd, workingDir, env = [] } = change;
  const config = before.config ?? {};
  const names = new Set(env.map(nameOf));
  const keptEnv = (config.Env ?? []).filter((variable) => !names.has(nameOf(variable)));
  // As in a Dockerfile: another entrypoint takes the arguments of the one before away.
  const inherited = entrypoint === undefined ? config : { ...config, Cmd: undefined };
  return Buffer.from(
    JSON.stringify({
      ...before,
      config: {
        ...inherited,
        Env: [...keptEnv, ...env],
        ...(entrypoint === undefined ? {} : { Entrypoint: entrypoint }),
        ...(cmd === undefined ? {} : { Cmd: cmd }),
        ...(workingDir === undefined ? {} : { WorkingDir: workingDir }),
      },
      rootfs: { type: 'layers', diff_ids: [...(before.rootfs?.diff_ids ?? []), diffID] },
      history: [...(before.history ?? []), { created_by: `eli push: ${directory} at ${to}` }],
    }),
  );
}

function nameOf(variable: string): string {
  return variable.split('=', 1)[0] ?? '';
}
