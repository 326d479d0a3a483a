/**
 * Names of staging directories: each writer has one of its own, so that several may work in one tree, and the name says whose it
 * is, so that one that nobody uses any longer is known from those that somebody does.
 */
import { randomBytes } from 'node:crypto';
import { isProcessRunning, processBirth, processPlace } from '../process-birth.ts';
import { ownPrefix } from './tree-path.ts';

const prefix = `${ownPrefix}-staging`;
const pattern = new RegExp(`^${prefix}-([0-9a-f]{8})-(\\d+)-([0-9a-f]{8}|unknown)-[0-9a-f]{8}$`);
/** Of another machine or container, which may have this tree too, one is in use that was written to within a day. */
const foreignForMs = 24 * 60 * 60 * 1000;

/** Another one for each call. */
export function newStagingName(): string {
  const { pid } = process;
  return [prefix, processPlace(), pid, processBirth(pid) ?? 'unknown', randomBytes(4).toString('hex')].join('-');
}

export function isStagingName(name: string): boolean {
  return name.startsWith(prefix);
}

/** @param idleMs for how long nobody has written to it */
export function isAbandoned(name: string, idleMs: number): boolean {
  const [, place, pid = '', birth = ''] = pattern.exec(name) ?? [];
  if (place !== processPlace()) return idleMs > foreignForMs;
  return !isProcessRunning(Number(pid), birth === 'unknown' ? undefined : birth);
}
