/**
 * What a person sees on stderr while a command works: what it does now, how far it is, and lines with `✓ ✘ ⚠ •`.
 * Nothing of it is written when stderr is no terminal or with `--quiet`; stdout is never touched.
 */
import type { Clock } from '../../lib/clock.ts';
import type { CliIo } from '../io.ts';
import { type Abilities, computeAbilities } from './abilities.ts';
import { Activity, type ActivityShown } from './activity.ts';
import { type Colour, paint, paintPrefix } from './colours.ts';
import { escapeControls } from './escape-controls.ts';
import { frameMs, type Mark } from './glyphs.ts';
import { LiveArea } from './live-area.ts';
import { fitText } from './text-width.ts';

/** What is done sooner needs no progress. */
const patienceMs = 500;

const colours: Readonly<Record<Mark, Colour>> = { done: 'green', failed: 'red', warning: 'yellow', info: 'cyan' };

export interface TerminalDeps extends Pick<CliIo, 'stderr' | 'env'> {
  readonly clock: Clock;
  readonly isQuiet: boolean;
  /** When it aborts, everything that moves is gone at once. */
  readonly signal: AbortSignal;
}

export class Terminal {
  readonly #deps: TerminalDeps;
  readonly #abilities: Abilities;
  readonly #area: LiveArea;
  /** Those that were begun and have not ended, oldest first. */
  readonly #activities = new Set<Activity>();
  #stop: AbortController | undefined;
  #isClosed = false;
  /** Somebody else has begun a line that is not at its end; nothing can be drawn under it. */
  #isMidLine = false;

  constructor(deps: TerminalDeps) {
    this.#deps = deps;
    this.#abilities = computeAbilities(deps.env, deps.stderr.isTTY ?? false, deps.isQuiet);
    this.#area = new LiveArea(deps.stderr);
  }

  /** A line for a person, that stays: `  ✓ paired with radio`. */
  say(mark: Mark, text: string): void {
    const { isWatched, glyphs, hasColours } = this.#abilities;
    if (!isWatched) return;
    this.#beginLine();
    this.#deps.stderr.write(`  ${paint(glyphs.marks[mark], colours[mark], hasColours)} ${escapeControls(text)}\n`);
  }

  /** A line that tells a failure or a warning: also without a terminal, and with `--quiet`. */
  note(line: string): void {
    this.#beginLine();
    this.#deps.stderr.write(`${paintPrefix(escapeControls(line), this.#abilities.hasColours)}\n`);
  }

  /** Whatever others have printed so far, the next text of ours has a line of its own. */
  #beginLine(): void {
    this.#area.erase();
    if (this.#isMidLine) this.#deps.stderr.write('\n');
    this.#isMidLine = false;
  }

  /**
   * Shows `text` with a spinner until the activity ends, as soon as it has taken half a second. Whoever begins one ends
   * it, however the work ends; `during` does both.
   */
  begin(text: string, shown: ActivityShown = 'always'): Activity {
    const { clock, signal } = this.#deps;
    const visibleAtMs = clock.monotonicMs() + patienceMs;
    const activity: Activity = new Activity({ text, shown, visibleAtMs, onEnd: () => this.#end(activity) });
    if (!this.#abilities.isWatched || this.#isClosed || signal.aborted) return activity;
    this.#activities.add(activity);
    if (this.#stop === undefined) {
      this.#stop = new AbortController();
      void this.#draw(this.#stop.signal);
    }
    return activity;
  }

  /** Does `work` while `text` is shown. */
  async during<T>(text: string, work: (activity: Activity) => Promise<T>, shown?: ActivityShown): Promise<T> {
    const activity = this.begin(text, shown);
    try {
      return await work(activity);
    } finally {
      activity.end();
    }
  }

  /** Makes room for `text` that is written to the same screen by others next; what moves comes back under it. */
  makeRoomFor(text: string | Uint8Array): void {
    if (text.length === 0) return;
    this.#area.erase();
    this.#isMidLine = text.at(-1) !== '\n' && text.at(-1) !== newline;
  }

  /** Takes away everything that moves; from now on there is none. May be called again. */
  close(): void {
    this.#isClosed = true;
    this.#activities.clear();
    this.#rest();
  }

  #end(activity: Activity): void {
    if (this.#activities.delete(activity) && this.#activities.size === 0) this.#rest();
  }

  #rest(): void {
    this.#stop?.abort();
    this.#stop = undefined;
    this.#area.erase();
  }

  async #draw(stopped: AbortSignal): Promise<void> {
    const { clock, signal } = this.#deps;
    const onAbort = (): void => this.close();
    signal.addEventListener('abort', onAbort, { once: true });
    const told = new Set<Activity>();
    try {
      for (;;) {
        await clock.sleep(frameMs, stopped);
        const nowMs = clock.monotonicMs();
        const due = this.#due(nowMs);
        if (this.#abilities.canRedraw) this.#drawFrame(due, nowMs);
        else this.#tellOnce(due, told);
      }
    } catch (error) {
      if (!stopped.aborted) throw error;
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  #due(nowMs: number): readonly Activity[] {
    const due = [...this.#activities].filter(({ visibleAtMs }) => visibleAtMs <= nowMs);
    const telling = [...this.#activities].filter(({ shown }) => shown === 'always');
    return telling.length > 0 ? due.filter(({ shown }) => shown === 'always') : due.slice(0, 1);
  }

  #drawFrame(due: readonly Activity[], nowMs: number): void {
    if (due.length === 0 || this.#isMidLine) return;
    const { columns, rows } = this.#area;
    const { glyphs, hasColours } = this.#abilities;
    const frame = glyphs.spinner[Math.floor(nowMs / frameMs) % glyphs.spinner.length] ?? '';
    const spinner = paint(frame, 'cyan', hasColours);
    const lines = due.flatMap((activity) => activity.render({ spinner, columns, nowMs, ellipsis: glyphs.ellipsis }));
    const hidden = lines.length - rows;
    const more = fitText(`  ${glyphs.ellipsis} and ${hidden + 1} more`, columns, glyphs.ellipsis);
    this.#area.draw(hidden > 0 ? [...lines.slice(0, rows - 1), more] : lines);
  }

  /** Where nothing can be drawn again. */
  #tellOnce(due: readonly Activity[], told: Set<Activity>): void {
    for (const activity of due) {
      if (!told.has(activity) && !this.#isMidLine) this.say('info', activity.text);
      told.add(activity);
    }
  }
}

const newline = 0x0a;
