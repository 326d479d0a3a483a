/** What a person sees of a session beside the output of their program: lines that stay, and one that is kept up to date. */
import type { CommandContext } from '../context.ts';
import type { Activity } from '../terminal/activity.ts';
import type { Mark } from '../terminal/glyphs.ts';

/** What the status line says. */
export interface UpStatus {
  /** Of the program: `starting`, `running`, `ended with exit code 1`. */
  readonly program: string;
  /** Where it can be reached from here. */
  readonly addresses: readonly string[];
  /** Of the files; empty while there is nothing to say. */
  readonly files: string;
}

/**
 * On a terminal the lines carry marks and the status line is drawn under them; for pipes the same lines are plain text on
 * stderr, and there is no status line. The output of the program goes where it would go if it ran here.
 */
export class UpReport {
  readonly #context: CommandContext;
  readonly #name: string;
  #status: UpStatus = { program: 'starting', addresses: [], files: '' };
  #activity: Activity | undefined;

  constructor(context: CommandContext, name: string) {
    this.#context = context;
    this.#name = name;
  }

  /** Something that has happened. */
  tell(mark: Mark, text: string): void {
    const { io, terminal, flags } = this.#context;
    if (io.stderr.isTTY) terminal.say(mark, text);
    else if (!flags.quiet) terminal.note(text);
  }

  /** Something that went wrong; told also with `--quiet`. */
  warn(text: string): void {
    this.#context.note(`Warning: ${text}`);
  }

  /** Shows the status line from now on. */
  begin(): void {
    this.#activity = this.#context.terminal.begin(statusLine(this.#name, this.#status));
  }

  show(change: Partial<UpStatus>): void {
    this.#status = { ...this.#status, ...change };
    this.#activity?.show(statusLine(this.#name, this.#status));
  }

  /** Takes the status line away; more than once does nothing. */
  end(): void {
    this.#activity?.end();
    this.#activity = undefined;
  }
}

/** `web running · http://localhost:8080 · 12 files · Ctrl-C ends it`. */
export function statusLine(name: string, { program, addresses, files }: UpStatus): string {
  return [`${name} ${program}`, ...addresses, files, 'Ctrl-C ends it'].filter((part) => part !== '').join(' · ');
}

/** `server.js`, `server.js and 2 more`. */
export function nameSome(paths: readonly string[]): string {
  const [first = '', ...others] = paths;
  return others.length === 0 ? first : `${first} and ${others.length} more`;
}
