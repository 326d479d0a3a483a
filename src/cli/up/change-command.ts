/** The command that follows a change, beside the program in its container. */
import type { Pod } from '../../api/kinds/pod/types.ts';
import { isStatusError } from '../../lib/status-error.ts';
import { untilAborted } from '../../lib/until-aborted.ts';
import { runRemoteSession } from '../commands/remote-session.ts';
import type { CommandContext } from '../context.ts';
import type { ProgramOutput } from './program-output.ts';
import type { ProgramRuns } from './program-runs.ts';
import type { UpReport } from './up-report.ts';

export interface ChangeCommandDeps {
  readonly pod: Pod;
  readonly runs: Pick<ProgramRuns, 'begun'>;
  readonly output: ProgramOutput;
  readonly report: UpReport;
  readonly context: CommandContext;
}

/** One at a time: what is newer counts, and ends the one before. */
export class ChangeCommand {
  readonly #deps: ChangeCommandDeps;
  readonly #signal: AbortSignal;
  #present = new AbortController();
  #last: Promise<void> = Promise.resolve();

  /** @param signal ends what runs */
  constructor(deps: ChangeCommandDeps, signal: AbortSignal) {
    this.#deps = deps;
    this.#signal = signal;
  }

  /** Runs it when the program runs, and tells how it ended. */
  run(why: string, command: readonly string[]): void {
    this.#present.abort(new Error('files have changed again'));
    this.#present = new AbortController();
    const signal = AbortSignal.any([this.#signal, this.#present.signal]);
    this.#last = this.#last.then(() => this.#run(why, command, signal)).catch(() => {});
  }

  async #run(why: string, command: readonly string[], signal: AbortSignal): Promise<void> {
    const { pod, runs, output, report, context } = this.#deps;
    const { namespace = '', name = '' } = pod.metadata;
    const text = command[0] === 'sh' && command[1] === '-c' ? (command[2] ?? '') : command.join(' ');
    await untilAborted(runs.begun, signal);
    report.tell('info', `${why}: ${text}`);
    try {
      const remote = { namespace, pod: name, container: name, command, tty: false, stdin: undefined, ...output };
      const exitCode = await runRemoteSession(remote, context, signal);
      report.tell(exitCode === 0 ? 'done' : 'failed', `${text} has ended with exit code ${exitCode}`);
    } catch (error) {
      signal.throwIfAborted();
      report.tell('failed', `${text} could not be run: ${error instanceof Error ? error.message : String(error)}`);
      if (!isStatusError(error)) throw error;
    }
  }
}
