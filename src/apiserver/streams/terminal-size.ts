import type { TerminalSize } from '../pod-streams.ts';

/** Reads `{"Width":101,"Height":33}`; undefined when it is anything else. */
export function parseTerminalSize(text: string): TerminalSize | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { Width: width, Height: height } = value as { readonly Width?: unknown; readonly Height?: unknown };
  return isCells(width) && isCells(height) ? { width, height } : undefined;
}

/** A terminal's width or height is an unsigned 16-bit number on the wire and in the kernel. */
function isCells(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 65_535;
}
