/**
 * The runs of a session's program, one after the other: each is asked for by a word on the pod (docs/adr/0049), joined from
 * its first byte on, and told how it ended. A program that ends by itself is started again when that is asked for, and not
 * before.
 */
import type { Pod } from '../../api/kinds/pod/types.ts';
import { pods } from '../../api/resources.ts';
import { startAnnotationPrefix } from '../../api/run-annotations.ts';
import { untilAborted } from '../../lib/until-aborted.ts';
import type { CommandContext } from '../context.ts';
import { joinContainer } from '../run/join-container.ts';
import type { PodWatch } from '../run/pod-watch.ts';
import { throughLosses } from '../run/through-losses.ts';
import { fieldManager } from './claim-pod.ts';
import type { ProgramOutput } from './program-output.ts';
import { computeProgramState, type ProgramRun, type ProgramState } from './program-state.ts';
import type { UpReport } from './up-report.ts';

export interface ProgramRunsDeps {
  readonly pod: Pod;
  readonly watch: PodWatch;
  readonly context: CommandContext;
  readonly output: ProgramOutput;
  readonly report: UpReport;
  /** Milliseconds for which a lost device is looked for. */
  readonly patienceMs: number;
  /** Milliseconds that the program has to end by itself. */
  readonly stopMs: number;
}

/** Its last words may come so much later than its end was to be. */
const lastWordsMs = 5_000;
/** Most programs listen by then. */
const youngMs = 5_000;

type Settled = Exclude<ProgramState, { readonly kind: 'Waiting' }>;

export class ProgramRuns {
  readonly #deps: ProgramRunsDeps;
  #asked = Promise.withResolvers<void>();
  #word = 1;
  #running = false;
  #hasBegun = false;
  #begunAtMs = 0;
  /** Resolves when the run that was asked for last has begun. */
  #begun = Promise.withResolvers<void>();

  constructor(deps: ProgramRunsDeps) {
    this.#deps = deps;
  }

  /** Asks for another run: the present one ends. Several that nobody has come to are one. */
  ask(): void {
    if (this.#hasBegun) this.#begun = Promise.withResolvers<void>();
    this.#hasBegun = false;
    this.#asked.resolve();
  }

  /** Whether a run is under way, or is just being started. */
  get isRunning(): boolean {
    return this.#running;
  }

  /** Whether it is just being started, or has begun so short a time ago that it may not listen on its ports yet. */
  get isYoung(): boolean {
    if (!this.#running) return false;
    return !this.#hasBegun || this.#deps.context.io.clock.monotonicMs() - this.#begunAtMs < youngMs;
  }

  /** Resolves when the run that was asked for last has begun. */
  get begun(): Promise<void> {
    return this.#begun.promise;
  }

  /**
   * Runs the program until `signal` aborts. The pod must be there, held before its first run.
   *
   * @throws StatusError when the device is lost for too long; `signal`'s reason when it aborts
   */
  async run(signal: AbortSignal): Promise<never> {
    let state = await untilAborted(this.#after(undefined), signal);
    for (;;) {
      const run = runOf(state);
      // What was asked for until now is answered: the program begins when it is joined.
      this.#asked = Promise.withResolvers<void>();
      const joined = isJoinable(state) ? this.#join(state, signal) : Promise.resolve();
      joined.catch(() => {});
      const next = await this.#untilAskedOrOver(state, joined, signal);
      if (next !== 'Asked') {
        state = next;
        continue;
      }
      await this.#start(signal);
      await this.#lastWords(joined, signal);
      state = await untilAborted(this.#after(run), signal);
    }
  }

  /** Resolves when another run is asked for, or with one that the device has started by itself. */
  async #untilAskedOrOver(state: Settled, joined: Promise<void>, signal: AbortSignal): Promise<'Asked' | Settled> {
    const asked = this.#asked.promise.then(() => 'Asked' as const);
    if (isJoinable(state)) {
      this.#running = true;
      this.#deps.report.show({ program: 'running' });
      this.#hasBegun = true;
      this.#begunAtMs = this.#deps.context.io.clock.monotonicMs();
      this.#begun.resolve();
      const first = await untilAborted(Promise.race([asked, joined]), signal);
      if (first === 'Asked') return first;
      const end = await untilAborted(this.#endOf(state), signal);
      if (end.kind === 'Running') return end;
      this.#tellEnd(end);
    } else this.#tellEnd(state);
    this.#running = false;
    return await untilAborted(Promise.race([asked, this.#startedAfter(runOf(state))]), signal);
  }

  async #start(signal: AbortSignal): Promise<void> {
    const { context, pod, patienceMs } = this.#deps;
    const { namespace = '', name = '' } = pod.metadata;
    this.#running = true;
    this.#word += 1;
    this.#deps.report.show({ program: 'starting' });
    const annotations = { [startAnnotationPrefix + name]: String(this.#word) };
    const { client } = await context.session();
    await throughLosses({ clock: context.io.clock, signal, patienceMs }, () =>
      client.patch(pods, { namespace, name }, 'merge', { metadata: { annotations } }, { fieldManager }, signal),
    );
  }

  /** What the run before still has to say comes first; who holds its output open does not hold us. */
  async #lastWords(joined: Promise<void>, signal: AbortSignal): Promise<void> {
    const { clock } = this.#deps.context.io;
    const enough = new AbortController();
    const late = clock.sleep(this.#deps.stopMs + lastWordsMs, AbortSignal.any([signal, enough.signal])).catch(() => {});
    await Promise.race([joined.catch(() => {}), late]);
    enough.abort();
    signal.throwIfAborted();
  }

  /** What becomes of the start that follows a run. */
  #after(before: ProgramRun | undefined): Promise<Settled> {
    return this.#deps.watch.until((pod) => {
      const state = computeProgramState(pod);
      if (state.kind === 'Waiting') return undefined;
      return state.kind !== 'Gone' && before !== undefined && state.id === before.id ? undefined : state;
    });
  }

  /** A later run that nobody has asked for: the device could not do it at once, or had to do it again. */
  #startedAfter(before: ProgramRun | undefined): Promise<Settled> {
    return this.#deps.watch.until((pod) => {
      const state = computeProgramState(pod);
      return isJoinable(state) && state.id !== before?.id ? state : undefined;
    });
  }

  #endOf(run: ProgramRun): Promise<Settled> {
    return this.#deps.watch.until((pod) => {
      const state = computeProgramState(pod);
      if (state.kind === 'Waiting' || (state.kind === 'Running' && state.id === run.id)) return undefined;
      return state;
    });
  }

  #join(run: ProgramRun, left: AbortSignal): Promise<void> {
    const { pod, watch, context, output, patienceMs } = this.#deps;
    const ending = this.#endOf(run);
    ending.catch(() => {});
    const wish = {
      pod,
      container: pod.metadata.name ?? '',
      tty: false,
      stdin: false,
      detachKeys: Buffer.alloc(0),
      patienceMs,
      restartCount: run.restartCount,
      output,
    };
    return joinContainer(wish, { watch, context, ending, onDetach: () => {}, left });
  }

  #tellEnd(state: Settled): void {
    const { report } = this.#deps;
    switch (state.kind) {
      case 'Ended': {
        const why = ['Completed', 'Error', ''].includes(state.reason) ? exitCodeMeans(state.exitCode) : state.reason;
        report.tell(
          state.exitCode === 0 ? 'info' : 'failed',
          `the program has ended with exit code ${state.exitCode}${why === '' ? '' : ` (${why})`}; it starts again at the next change`,
        );
        report.show({ program: `ended with exit code ${state.exitCode}` });
        return;
      }
      case 'Failed':
        report.tell('failed', `the program could not be started: ${state.message}`);
        report.show({ program: 'could not be started' });
        return;
      case 'Running':
      case 'Gone':
        return;
    }
  }
}

function isJoinable(state: ProgramState): state is Extract<ProgramState, { readonly kind: 'Running' | 'Ended' }> {
  return state.kind === 'Running' || state.kind === 'Ended';
}

function runOf(state: Settled): ProgramRun | undefined {
  return state.kind === 'Gone' ? undefined : { id: state.id, restartCount: state.restartCount };
}

/** What a shell, and whatever holds a program until somebody looks, means by an exit code; empty for a program's own. */
function exitCodeMeans(exitCode: number): string {
  if (exitCode === 126) return 'it cannot be executed: is it a program, and for the architecture of the device?';
  if (exitCode === 127) return 'there is no such program in the image';
  return '';
}
