/**
 * What was found the last time, so that it can be shown at once: `~/.eli/cache/devices.json`. A hint like what it was made
 * from: a file that cannot be read or makes no sense is as good as none.
 */
import { join } from 'node:path';
import { decodeDeviceText, encodeDeviceText } from '../../lib/mdns/eliot-service.ts';
import type { CliIo, FileAccess } from '../io.ts';
import { type FoundDevice, instanceName, isSameDevice } from './found-devices.ts';

export interface CachedDevice extends FoundDevice {
  /** When it last answered, in milliseconds since 1970. */
  readonly seenMs: number;
}

export interface CacheSurroundings extends Pick<CliIo, 'env' | 'clock'> {
  readonly files: Pick<FileAccess, 'sizeOf' | 'readFile' | 'writeFile'>;
}

/** Bounds of the file. */
const maxDevices = 200;
const maxBytes = 256 * 1024;
/** Who has not answered for so long is forgotten. */
const keptMs = 7 * 24 * 3_600_000;
/** That somebody was seen again is written down no more often than this. */
const seenStepMs = 3_600_000;

/** Undefined when the user has no home. */
function cachePath(env: CliIo['env']): string | undefined {
  const { HOME: home } = env;
  return home ? join(home, '.eli', 'cache', 'devices.json') : undefined;
}

/** Those that answered within the last week, the newest first; empty when nothing is known. */
export async function readDeviceCache({ env, files, clock }: CacheSurroundings): Promise<readonly CachedDevice[]> {
  const path = cachePath(env);
  if (path === undefined) return [];
  try {
    if ((await files.sizeOf(path)) > maxBytes) return [];
    const entries: unknown = JSON.parse((await files.readFile(path)).toString('utf8'));
    if (!Array.isArray(entries)) return [];
    const nowMs = clock.now();
    return entries.flatMap((entry) => decodeEntry(entry) ?? []).filter(({ seenMs }) => nowMs - seenMs < keptMs);
  } catch {
    return [];
  }
}

/**
 * Remembers who answered now beside who did before; nothing is written when that says nothing new. A cache that cannot be
 * written is none, and no failure.
 */
export async function updateDeviceCache(
  before: readonly CachedDevice[],
  found: readonly FoundDevice[],
  { env, files, clock }: CacheSurroundings,
): Promise<void> {
  const path = cachePath(env);
  const after = computeCache(before, found, clock.now());
  if (path === undefined || after === before) return;
  const text = JSON.stringify(after.map(encodeEntry), undefined, 1);
  await files.writeFile(path, `${text}\n`, 0o600).catch(() => {});
}

/** Pure; gives `before` itself back when nothing changed. */
export function computeCache(
  before: readonly CachedDevice[],
  found: readonly FoundDevice[],
  nowMs: number,
): readonly CachedDevice[] {
  const answered = found.map((device) => {
    const known = before.find((other) => isSameDevice(other, device));
    const isFresh = known && nowMs >= known.seenMs && nowMs - known.seenMs < seenStepMs;
    return isFresh &&
      JSON.stringify(encodeEntry({ ...device, seenMs: known.seenMs })) === JSON.stringify(encodeEntry(known))
      ? known
      : { ...device, seenMs: nowMs };
  });
  const silent = before.filter((device) => !found.some((other) => isSameDevice(device, other)));
  const after = [...answered, ...silent].sort((a, b) => b.seenMs - a.seenMs).slice(0, maxDevices);
  const isSame = after.length === before.length && after.every((device) => before.includes(device));
  return isSame ? before : after;
}

interface Entry {
  readonly instance: string;
  readonly text: readonly string[];
  readonly addresses: readonly string[];
  readonly port: number;
  readonly seen: number;
}

function encodeEntry({ instance, addresses, port, seenMs, ...text }: CachedDevice): Entry {
  return { instance, text: encodeDeviceText(text), addresses, port, seen: seenMs };
}

/** Checked like what comes from the network: others may have written the file. */
function decodeEntry(entry: unknown): CachedDevice | undefined {
  if (typeof entry !== 'object' || entry === null) return undefined;
  const { instance, text, addresses, port, seen } = entry as Partial<Record<keyof Entry, unknown>>;
  const described = isTexts(text) ? decodeDeviceText(text) : undefined;
  if (described === undefined || typeof port !== 'number' || typeof seen !== 'number') return undefined;
  const isAddress = (address: string): boolean => /^[0-9a-fA-F:.]{3,45}$/.test(address);
  if (!isTexts(addresses) || addresses.length === 0 || !addresses.every(isAddress)) return undefined;
  return { ...described, instance: instanceName(String(instance), described.node), addresses, port, seenMs: seen };
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
