/**
 * Tells when the identity of a device has come to another machine: a copy of a memory card that was booted elsewhere looks
 * like this at its first start, before any network says so. It only says it: boards and cards are replaced too.
 */
import { join } from 'node:path';
import type { MachineMarks } from '../../host/machine-marks.ts';
import type { IdentityFiles } from '../device-identity.ts';

/** In the data directory: the marks of the machine on which the identity was made. */
export const machineRecordName = 'machine.json';

/**
 * Compares the machine with the one on which the identity was made, which is recorded when it is not yet.
 *
 * @returns one sentence for a person; undefined when it is the same machine, as far as one can tell
 */
export async function noticeOtherMachine(
  dataDir: string,
  present: MachineMarks,
  files: IdentityFiles,
): Promise<string | undefined> {
  const path = join(dataDir, machineRecordName);
  const recorded = parseRecord(await files.read(path));
  if (recorded === undefined) {
    await files.write(path, `${JSON.stringify(present)}\n`);
    return undefined;
  }
  const difference = computeDifference(recorded, present);
  return difference === undefined
    ? undefined
    : `The identity of this device was made on another machine: ${difference}. If this is a copy of another device, stop eliotd and run "eliotd reset --identity"; if it is the same device with other hardware, remove ${path}`;
}

/**
 * What says that these are two machines; undefined when nothing does. Pure.
 *
 * A board that has a number is known by it, whatever system and cards it has now. Without one, another machine-id, or
 * network cards of which none was there before, are told.
 */
export function computeDifference(recorded: MachineMarks, present: MachineMarks): string | undefined {
  if (recorded.serial !== undefined && present.serial !== undefined) {
    return differs('serial number', recorded.serial, present.serial);
  }
  const haveMacs = recorded.macs.length > 0 && present.macs.length > 0;
  const others = haveMacs && !present.macs.some((mac) => recorded.macs.includes(mac));
  return (
    differs('machine-id', recorded.machineId, present.machineId) ??
    (others ? differs('network card', recorded.macs.join(', '), present.macs.join(', ')) : undefined)
  );
}

function differs(what: string, before: string | undefined, now: string | undefined): string | undefined {
  if (before === undefined || now === undefined || before === now) return undefined;
  return `its ${what} was ${before} and is ${now}`;
}

/** Undefined when there is none, or it is damaged: a warning is not worth a failed start. */
function parseRecord(text: string | undefined): MachineMarks | undefined {
  if (text === undefined) return undefined;
  try {
    const { machineId, serial, macs } = JSON.parse(text) as Partial<MachineMarks>;
    return {
      ...(typeof machineId === 'string' ? { machineId } : {}),
      ...(typeof serial === 'string' ? { serial } : {}),
      macs: Array.isArray(macs) ? macs.map(String) : [],
    };
  } catch {
    return undefined;
  }
}
