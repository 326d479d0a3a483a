/** A real terminal for a test: a shell in a tmux of its own, whose screen is looked at. `close()` ends it. */
import { randomBytes } from 'node:crypto';
import { runOk } from './command.ts';
import { waitFor } from './wait.ts';

export interface TmuxOptions {
  readonly columns?: number;
  readonly rows?: number;
  readonly env?: Readonly<Record<string, string>>;
}

/** What the shell prints when it waits for a command. */
const prompt = '$ ';

export class Tmux {
  readonly #socket = `eliot-${randomBytes(6).toString('hex')}`;

  private constructor() {}

  /** A shell that waits for its first command. */
  static async start({ columns = 80, rows = 24, env = {} }: TmuxOptions = {}): Promise<Tmux> {
    const tmux = new Tmux();
    const shell = Object.entries({ PATH: process.env['PATH'] ?? '', LC_ALL: 'C.UTF-8', PS1: prompt, ...env });
    const size = ['-x', String(columns), '-y', String(rows)];
    const words = ['env', '-i', 'TERM=screen', ...shell.map(([name, value]) => `${name}=${value}`), 'sh', '-i'];
    await tmux.#tmux('-u', '-f', '/dev/null', 'new-session', '-d', ...size, ...words);
    await tmux.waits();
    return tmux;
  }

  /** What stands on the screen, without blanks at the end of lines and without empty lines at the end. */
  screen(): Promise<string> {
    return this.#capture();
  }

  /** The same with what has left the screen at its top since it was emptied; broken lines are whole. */
  history(): Promise<string> {
    return this.#capture('-J', '-S', '-');
  }

  async #capture(...flags: readonly string[]): Promise<string> {
    const { stdout } = await this.#tmux('capture-pane', '-p', ...flags);
    return stdout
      .split('\n')
      .map((line) => line.trimEnd())
      .join('\n')
      .trimEnd();
  }

  /** Types a line and Enter. */
  async enter(line: string): Promise<void> {
    await this.#tmux('send-keys', '-l', line);
    await this.#tmux('send-keys', 'Enter');
  }

  /** Presses a key by tmux's name: `C-c`, `Tab`. */
  async press(key: string): Promise<void> {
    await this.#tmux('send-keys', key);
  }

  /** Waits until the screen matches, and gives it. */
  shows(pattern: RegExp): Promise<string> {
    return waitFor(`${pattern} on the screen`, async () => {
      const screen = await this.screen();
      if (!pattern.test(screen)) throw new Error(`it shows\n${screen}`);
      return screen;
    });
  }

  /** Waits until the shell waits for a command, and gives the screen without that prompt. */
  async waits(): Promise<string> {
    const screen = await this.shows(/(?:^|\n)\$$/);
    return screen.replace(/\n?\$$/, '');
  }

  /** Empties the screen, runs a command to its end, and gives what it left on the screen. `$code` is what ended before it. */
  async run(line: string): Promise<string> {
    await this.enter('code=$?; clear');
    await this.shows(/^\$$/);
    await this.enter(line);
    // Before it is echoed, the prompt of the empty screen stands there still.
    await this.shows(/^\$ ./);
    const screen = await this.waits();
    return screen.slice(screen.indexOf('\n') + 1);
  }

  async clear(): Promise<void> {
    await this.enter('clear');
    await this.shows(/^\$$/);
    await this.#tmux('clear-history');
  }

  /** The programs in it learn of it some time later. */
  async resize(columns: number, rows: number): Promise<void> {
    await this.#tmux('resize-window', '-x', String(columns), '-y', String(rows));
  }

  /** Whether the cursor is seen. */
  async isCursorSeen(): Promise<boolean> {
    return (await this.#tmux('display-message', '-p', '#{cursor_flag}')).stdout.trim() === '1';
  }

  async close(): Promise<void> {
    await this.#tmux('kill-server').catch(() => {});
  }

  #tmux(...args: readonly string[]): Promise<{ readonly stdout: string }> {
    return runOk('tmux', ['-L', this.#socket, ...args]);
  }
}
