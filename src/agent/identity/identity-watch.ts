/** Says when the identity of this device is also somewhere else: on the network, or on the machine that it was made on. */
import type { MachineMarks } from '../../host/machine-marks.ts';
import type { Logger } from '../../lib/logger.ts';
import type { IdentityFiles } from '../device-identity.ts';
import type { Duplicate } from '../discovery/duplicate-identity.ts';
import { duplicateAdvice } from '../node-status/compute-node.ts';
import { noticeOtherMachine } from './other-machine.ts';

export interface IdentityWatchDeps {
  readonly log: Logger;
  /** Tells the node's events. */
  readonly warnNode: (reason: string, message: string) => void;
  /** The node's condition is another than before. */
  readonly onChange: () => void;
}

export class IdentityWatch {
  readonly #deps: IdentityWatchDeps;
  #duplicates: readonly Duplicate[] = [];

  constructor(deps: IdentityWatchDeps) {
    this.#deps = deps;
  }

  /** Devices that announce our identity now. */
  get duplicates(): readonly Duplicate[] {
    return this.#duplicates;
  }

  /** Takes all that announce our identity. */
  heard(duplicates: readonly Duplicate[]): void {
    this.#duplicates = duplicates;
    this.#deps.onChange();
    if (duplicates.length > 0) this.#warn('DuplicateIdentity', duplicateAdvice(duplicates));
  }

  /** Compares the machine with the one of the last start. Never fails: a full disk must not keep the device from starting. */
  async lookAtMachine(dataDir: string, readMarks: () => Promise<MachineMarks>, files: IdentityFiles): Promise<void> {
    try {
      const message = await noticeOtherMachine(dataDir, await readMarks(), files);
      if (message !== undefined) this.#warn('OtherMachine', message);
    } catch (error) {
      this.#deps.log.warn('the machine cannot be compared with that of the last start', { error });
    }
  }

  #warn(reason: string, message: string): void {
    this.#deps.log.warn('the identity of this device may be in use elsewhere', { reason, advice: message });
    this.#deps.warnNode(reason, message);
  }
}
