/** Says what failed in kubectl's words, then on which device and what to do about it. */
import { ServerStatusError } from '../client/response-status.ts';
import { isStatusError } from '../lib/status-error.ts';
import { hintFor } from './failure-hints.ts';
import { UsageError } from './usage-error.ts';

/** A failure of one object of several, with what was being done: `error when creating "pod.yaml"`. */
export class FailureInContext extends Error {
  override readonly name = 'FailureInContext';

  /** Where the fields stand that are refused: `pod.yaml:7:5: spec.foo`. */
  readonly places: readonly string[];

  constructor(context: string, cause: unknown, places: readonly string[] = []) {
    super(context, { cause });
    this.places = places;
  }
}

export interface FailureSurroundings {
  /** Address of the device, when one was reached. */
  readonly device: string | undefined;
  /** Namespace that the command worked in. */
  readonly namespace: string;
}

/** The lines for stderr, without the last newline. */
export function describeFailure(error: unknown, surroundings: FailureSurroundings): string {
  if (error instanceof UsageError) {
    return `error: ${error.message}${error.hint === undefined ? '' : `\n${indent(error.hint)}`}`;
  }
  const context = error instanceof FailureInContext ? `${error.message}: ` : '';
  const failure = error instanceof FailureInContext ? error.cause : error;
  if (!isStatusError(failure)) {
    return `error: ${context}${failure instanceof Error ? failure.message : String(failure)}`;
  }
  // Without the server's own word it is our side or the way there that failed, and the message says which.
  if (!(failure instanceof ServerStatusError)) return `error: ${context}${failure.message}`;
  const hint = hintFor(failure, surroundings.namespace);
  const where = surroundings.device === undefined ? undefined : `on ${surroundings.device}`;
  const second = [where, hint].filter((part) => part !== undefined).join(': ');
  const places = error instanceof FailureInContext ? error.places : [];
  return [headline(failure, context), ...[...places, second].filter((line) => line !== '').map(indent)].join('\n');
}

function headline(failure: ServerStatusError, context: string): string {
  const { details } = failure;
  // As kubectl: what is wrong with an object reads better as a list than as one long line.
  if (failure.reason === 'Invalid' && details?.kind !== undefined && details.causes !== undefined) {
    const problems = [
      ...new Set(details.causes.map(({ field, message }) => (field ? `${field}: ${message}` : message))),
    ];
    const subject = `${context}The ${details.kind} "${details.name ?? ''}" is invalid`;
    if (problems.length === 1) return `${subject}: ${problems[0]}`;
    if (problems.length > 1) return `${subject}:\n${problems.map((problem) => `* ${problem}`).join('\n')}`;
  }
  // kubectl's own words for this one.
  if (failure.reason === 'Unauthorized') {
    return `error: ${context}You must be logged in to the server (${failure.message})`;
  }
  return `Error from server (${failure.wireReason}): ${context}${failure.message}`;
}

function indent(text: string): string {
  return text
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n');
}
