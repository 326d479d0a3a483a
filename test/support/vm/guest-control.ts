/** The host's end of `scripts/vm/guest/control`: scripts go in by a socket of qemu, their results come back. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { CommandResult } from '../command.ts';

export interface ShellOptions {
  /** Default 120,000. The script goes on in the guest. */
  readonly timeoutMs?: number;
}

export class GuestControl {
  readonly #socket: Socket;
  readonly #waiting = new Map<string, (result: CommandResult) => void>();
  #rest = '';
  #count = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => this.#receive(text));
    // Power cuts end it in any way.
    socket.on('error', () => {});
  }

  static async connect(path: string): Promise<GuestControl> {
    const socket = connect(path);
    await once(socket, 'connect');
    return new GuestControl(socket);
  }

  async shell(script: string, { timeoutMs = 120_000 }: ShellOptions = {}): Promise<CommandResult> {
    const { promise, resolve, reject } = Promise.withResolvers<CommandResult>();
    this.#count += 1;
    const id = String(this.#count);
    const fail = (why: string): void => reject(new Error(`in the guest, ${script.slice(0, 500)}: ${why}`));
    const onClose = (): void => fail('the machine went off');
    const timer = setTimeout(() => fail(`no answer within ${timeoutMs} ms`), timeoutMs);
    this.#waiting.set(id, resolve);
    this.#socket.once('close', onClose);
    if (this.#socket.destroyed) onClose();
    else this.#socket.write(`${id} ${Buffer.from(script).toString('base64')}\n`);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#socket.off('close', onClose);
      this.#waiting.delete(id);
    }
  }

  close(): void {
    this.#socket.destroy();
  }

  #receive(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      const [id = '', exitCode, stdout = '', stderr = ''] = line.split(' ');
      const bytes = decode(stdout);
      // Nobody waits for one that took too long.
      this.#waiting.get(id)?.({
        exitCode: Number(exitCode),
        stdout: bytes.toString(),
        stderr: decode(stderr).toString(),
        bytes,
      });
    }
  }
}

/** Base64 with a dot at its end. */
function decode(text: string): Buffer {
  return Buffer.from(text.slice(0, -1), 'base64');
}
