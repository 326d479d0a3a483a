/** Device nodes of the machine, found by patterns such as `/dev/ttyUSB*`, and told when some come or go. */
import { watch } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { unlessMissing } from '../lib/unless-missing.ts';

export interface DeviceNode {
  /** As the pattern found it; a symbolic link (`/dev/serial/by-id/…`) keeps its name. */
  readonly path: string;
  /** The node itself. */
  readonly realPath: string;
  readonly gid: number;
  /** Permission bits. */
  readonly mode: number;
}

export interface DeviceNodes {
  /** Character and block devices, by path; each node once, under the first path that leads to it. */
  find(patterns: readonly string[]): Promise<readonly DeviceNode[]>;
  /**
   * Calls `onChange` soon after something appeared or vanished where a pattern looks, until `signal` aborts. A hint only: so
   * look at an interval too.
   */
  watch(patterns: readonly string[], onChange: () => void, signal: AbortSignal): void;
}

export function createDeviceNodes(): DeviceNodes {
  return {
    async find(patterns) {
      const found = new Map<string, DeviceNode>();
      for (const pattern of patterns) {
        for (const path of await expand(pattern)) {
          const node = await deviceAt(path);
          if (node && !found.has(node.realPath)) found.set(node.realPath, node);
        }
      }
      return [...found.values()];
    },
    watch: watchPatterns,
  };
}

async function deviceAt(path: string): Promise<DeviceNode | undefined> {
  const status = await unlessMissing(stat(path));
  if (!status?.isCharacterDevice() && !status?.isBlockDevice()) return undefined;
  const realPath = await unlessMissing(realpath(path));
  return realPath === undefined ? undefined : { path, realPath, gid: status.gid, mode: status.mode & 0o7777 };
}

/** Existing paths that a pattern names, sorted; `*`, `?` and `[…]` match within one name. */
async function expand(pattern: string): Promise<readonly string[]> {
  let paths = [''];
  for (const part of pattern.split('/').slice(1)) {
    const next: string[] = [];
    for (const directory of paths) {
      if (!isPattern(part)) {
        next.push(`${directory}/${part}`);
        continue;
      }
      const matching = matcher(part);
      const names = await readdir(directory === '' ? '/' : directory).catch((): string[] => []);
      next.push(...names.filter((name) => matching.test(name)).map((name) => `${directory}/${name}`));
    }
    paths = next;
  }
  return paths.sort();
}

function isPattern(part: string): boolean {
  return /[*?[]/.test(part);
}

function matcher(part: string): RegExp {
  const source = part
    .replace(/[.+^${}()|\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
    .replaceAll('[!', '[^');
  try {
    // As in a shell, a leading dot is matched only by itself.
    return new RegExp(`^${part.startsWith('.') ? '' : '(?!\\.)'}${source}$`);
  } catch {
    return /^$/;
  }
}

/** A node that has just come gets its group and mode a moment later. */
const settleMs = 100;
/**
 * Some kernels report every write to a device of the directory; past so many within a while watching costs too much. Others
 * are watched on.
 */
const noiseLimit = 1_000;
const noiseWindowMs = 10_000;

function watchPatterns(patterns: readonly string[], onChange: () => void, signal: AbortSignal): void {
  const watched = new Map<string, () => void>();
  let settling: NodeJS.Timeout | undefined;
  const noise = new Map<string, number>();
  /** Not watched any longer. */
  const noisy = new Set<string>();
  const unwatch = (): void => {
    for (const end of watched.values()) end();
    watched.clear();
  };
  const stop = (): void => {
    clearTimeout(settling);
    clearInterval(quiet);
    unwatch();
  };
  const quiet = setInterval(() => noise.clear(), noiseWindowMs).unref();
  const leave = (directory: string): void => {
    watched.get(directory)?.();
    watched.delete(directory);
  };
  const onNoise = (directory: string): void => {
    const count = (noise.get(directory) ?? 0) + 1;
    noise.set(directory, count);
    if (count <= noiseLimit) return;
    noisy.add(directory);
    leave(directory);
  };
  const start = (): void => {
    // A directory that a pattern goes through may come later: then the one above it tells.
    for (const directory of patterns.flatMap(directoriesOf)) {
      if (watched.has(directory) || noisy.has(directory) || signal.aborted) continue;
      try {
        const watcher = watch(directory, { persistent: false }, (type) => {
          if (type !== 'rename') {
            onNoise(directory);
            return;
          }
          settling ??= setTimeout(() => {
            settling = undefined;
            // A directory may be another one by now, of the same name: udev removes and makes them with their devices.
            unwatch();
            start();
            onChange();
          }, settleMs).unref();
        });
        watcher.on('error', () => leave(directory));
        watched.set(directory, () => watcher.close());
      } catch {
        // It does not exist, or the system has no watch left.
      }
    }
  };
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  else start();
}

/** The directories without a pattern in them that lead to the nodes; not the root, where nothing of interest comes. */
function directoriesOf(pattern: string): readonly string[] {
  const parts = pattern.split('/').slice(1, -1);
  const fixed = parts.findIndex(isPattern);
  const names = fixed < 0 ? parts : parts.slice(0, fixed);
  return names.map((_, index) => `/${names.slice(0, index + 1).join('/')}`);
}
