/** Which of the devices that a device offers a path below /dev is one of. Pure. */
import type { Node } from '../../api/kinds/node.ts';
import { offeredDevicesAnnotation } from '../../api/node-annotations.ts';

/** Patterns of paths by the name of the resource. */
export type OfferedDevices = Readonly<Record<string, readonly string[]>>;

/** What a node says that it offers; nothing when it says nothing that can be read. */
export function offeredDevicesOf({ metadata }: Pick<Node, 'metadata'>): OfferedDevices {
  try {
    return JSON.parse(metadata.annotations?.[offeredDevicesAnnotation] ?? '{}') as OfferedDevices;
  } catch {
    return {};
  }
}

/** The resource whose patterns match the path: the first, as its device is the first's; undefined when none does. */
export function resourceOf(path: string, offered: OfferedDevices): string | undefined {
  return Object.entries(offered).find(([, patterns]) => patterns.some((pattern) => matches(path, pattern)))?.[0];
}

/** As a shell does it: `*`, `?` and `[…]` stand for parts of a name, and for no `/`. */
function matches(path: string, pattern: string): boolean {
  const expression = pattern
    .replace(/[.+^${}()|\\]/g, '\\$&')
    .replaceAll('*', '[^/]*')
    .replaceAll('?', '[^/]')
    .replaceAll('[!', '[^');
  return new RegExp(`^${expression}$`).test(path);
}
