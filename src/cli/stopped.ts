/** Why a command was stopped from outside. */
import type { StopSignal } from './io.ts';

/** A signal asked us to stop; the reason of every command's signal then. */
export class Stopped extends Error {
  override readonly name = 'Stopped';
  readonly by: StopSignal;

  constructor(by: StopSignal) {
    super('stopped');
    this.by = by;
  }
}
