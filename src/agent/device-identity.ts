/** What tells this instance, this machine and this boot apart from others. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { StatusError } from '../lib/status-error.ts';

/** The files of the identity, as `host/files.ts` and `lib/atomic-file.ts` give them. */
export interface IdentityFiles {
  /** The text, or undefined when there is no such file. */
  read(path: string): Promise<string | undefined>;
  /** Replaces the file, durably. */
  write(path: string, content: string): Promise<void>;
}

export interface DeviceIdentity {
  /**
   * Made at the first start, kept for good: 16 hex digits. Every sandbox of this instance carries it, and only
   * sandboxes that carry it are ever touched.
   */
  readonly instanceId: string;
  /** The kernel's name for this boot. */
  readonly bootId: string;
  /** systemd's machine id, or the instance's own when there is none. */
  readonly machineId: string;
}

/** @throws StatusError `InternalError` when the stored id is damaged: a new one would disown every running pod */
export async function readDeviceIdentity(dataDir: string, files: IdentityFiles): Promise<DeviceIdentity> {
  const path = join(dataDir, 'instance-id');
  const stored = (await files.read(path))?.trim();
  if (stored !== undefined && !/^[0-9a-f]{16}$/.test(stored)) {
    throw new StatusError('InternalError', `${path} does not hold an instance id; restore it, or reset the device`);
  }
  const instanceId = stored ?? randomBytes(8).toString('hex');
  if (stored === undefined) await files.write(path, `${instanceId}\n`);
  const bootId = (await files.read('/proc/sys/kernel/random/boot_id'))?.trim() ?? '';
  const machineId = (await files.read('/etc/machine-id'))?.trim() || instanceId.padEnd(32, '0');
  return { instanceId, bootId, machineId };
}
