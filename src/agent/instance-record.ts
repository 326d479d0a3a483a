/**
 * What `eliotd reset` must know of an instance: its run directory, and the names of its network. Written at each start
 * when it changed.
 */
import { join } from 'node:path';
import { StatusError } from '../lib/status-error.ts';
import type { IdentityFiles } from './device-identity.ts';

export interface InstanceRecord {
  readonly runDir: string;
  readonly containerd: string;
  readonly podCidr: string;
  readonly bridge: string;
}

const pathIn = (dataDir: string): string => join(dataDir, 'instance.json');

/** The record; undefined when this instance never started. */
export async function readInstanceRecord(dataDir: string, files: IdentityFiles): Promise<InstanceRecord | undefined> {
  const text = await files.read(pathIn(dataDir));
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as InstanceRecord;
  } catch (cause) {
    throw new StatusError('InternalError', `${pathIn(dataDir)} is damaged; write it anew by starting eliotd`, {
      cause,
    });
  }
}

export async function writeInstanceRecord(
  dataDir: string,
  record: InstanceRecord,
  files: IdentityFiles,
): Promise<void> {
  const { runDir, containerd, podCidr, bridge } = record;
  const text = `${JSON.stringify({ runDir, containerd, podCidr, bridge })}\n`;
  if ((await files.read(pathIn(dataDir))) !== text) await files.write(pathIn(dataDir), text);
}
