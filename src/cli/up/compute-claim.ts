/** Whether a session may take a name that a pod has already. Pure. */
import type { Pod } from '../../api/kinds/pod/types.ts';
import {
  leaseAnnotation,
  ownerAnnotation,
  ownerMachineAnnotation,
  ownerProcessAnnotation,
} from '../../api/run-annotations.ts';
import { managedByLabel, managedByUp } from './compute-up-pod.ts';
import { type Machine, parseMachine } from './own-machine.ts';

/** Who wants the name. */
export interface Claimant {
  readonly owner: string;
  /** Undefined when it cannot be told: nothing is replaced without asking then. */
  readonly machine: Machine | undefined;
  /** `--take-over`. */
  readonly takeOver: boolean;
  /** Whether a process runs on this machine. */
  readonly isRunning: (process: number) => boolean;
}

/** The answer, in words for both sides. */
export type Claim =
  /** Theirs ends, and ours begins. */
  | { readonly kind: 'Replace'; readonly note: string }
  | { readonly kind: 'Refuse'; readonly message: string; readonly hint: string };

/**
 * What was left behind is replaced without asking, by whoever left it: the same person on the same machine. The Lease is not
 * asked: clocks differ, and the device deletes a pod whose Lease lapses (docs/adr/0037).
 *
 * @param existing the pod of that name
 */
export function computeClaim({ metadata }: Pod, { owner, machine, takeOver, isRunning }: Claimant): Claim {
  const { name = '', labels = {}, annotations = {} } = metadata;
  if (labels[managedByLabel] !== managedByUp) {
    return {
      kind: 'Refuse',
      message: `a pod named "${name}" exists already, and is none of eli up`,
      hint: `run under another --name, or remove it with "eli delete pod ${name}"`,
    };
  }
  const theirs = annotations[ownerAnnotation] ?? 'somebody';
  const theirMachine = parseMachine(annotations[ownerMachineAnnotation]);
  const isOurs = theirs === owner && machine !== undefined && theirMachine?.id === machine.id;
  // An id of a process says nothing about another boot, and a machine that was copied has its id from the first.
  const isGone = theirMachine?.boot === machine?.boot && !isRunning(Number(annotations[ownerProcessAnnotation]));
  const isHeld = annotations[leaseAnnotation] !== undefined;
  if (isOurs && !isHeld) return { kind: 'Replace', note: `${name} was kept by an earlier session, and is made anew` };
  if (isOurs && isGone) {
    return { kind: 'Replace', note: `an earlier session of yours has left ${name} behind; it is made anew` };
  }
  if (takeOver) return { kind: 'Replace', note: `${name} is taken over from ${theirs}` };
  const since = metadata.creationTimestamp === undefined ? '' : `, since ${metadata.creationTimestamp}`;
  return {
    kind: 'Refuse',
    message: isHeld
      ? `${theirs} works on ${name} on this device${since}${hintAt(theirs === owner, isOurs)}`
      : `${theirs} has let ${name} run on on this device`,
    hint: 'take it over with --take-over, which ends what runs there, or run beside it under another --name',
  };
}

/** Whoever reads their own name is told why it is not theirs. */
function hintAt(hasOurName: boolean, isOurs: boolean): string {
  if (isOurs) return ' (another eli up of yours)';
  return hasOurName ? ' (on another machine, as far as can be told)' : '';
}
