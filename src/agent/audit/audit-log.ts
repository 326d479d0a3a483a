/**
 * The bounded log of who did what (docs/adr/0041): lines of JSON in a file that is rotated by size.
 *
 * Recording never waits: lines are gathered and written together, at most once a second, by one write and one sync. While
 * the disk is full or slow they wait, a bounded number of them; what is lost then is counted in the log itself. When nobody
 * changes anything, nothing is written.
 */
import type { DurableLogs } from '../../host/durable-log.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import { WorkQueue } from '../../lib/work-queue.ts';

/** Lines that wait for the disk, at most: about half a megabyte. */
const maxPending = 1_000;
const gatherMs = 1_000;
const key = 'audit log';

export interface AuditLogDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly files: DurableLogs;
  readonly path: string;
  /** Size at which the file is rotated. */
  readonly maxBytes: number;
  /** Rotated files that are kept: `path.1` is the youngest. */
  readonly maxBackups: number;
}

export class AuditLog {
  readonly #deps: AuditLogDeps;
  readonly #queue: WorkQueue;
  #pending: string[] = [];
  #lost = 0;

  constructor(deps: AuditLogDeps) {
    this.#deps = deps;
    const { clock, log } = deps;
    this.#queue = new WorkQueue({ clock, log, process: () => this.#write() });
  }

  /** Takes note of an event; it is written soon. */
  record(event: object): void {
    this.#pending.push(`${JSON.stringify(event)}\n`);
    if (this.#pending.length > maxPending) {
      this.#pending.shift();
      this.#lost += 1;
    }
    // One that failed waits longer, and one that waits is not put off.
    this.#queue.addAfter(key, gatherMs);
  }

  /** Writes until `signal` aborts, and then what is left. */
  async run(signal: AbortSignal): Promise<void> {
    await this.#queue.run(signal);
    await this.#write().catch((error) => this.#deps.log.warn('audit log cannot be written', { error }));
  }

  async #write(): Promise<undefined> {
    const lines = this.#pending;
    const lost = this.#lost;
    if (lines.length === 0) return;
    this.#pending = [];
    this.#lost = 0;
    try {
      await this.#append(lost === 0 ? lines : [lossLine(lost), ...lines]);
    } catch (error) {
      const all = [...lines, ...this.#pending];
      this.#pending = all.slice(-maxPending);
      this.#lost += lost + Math.max(0, all.length - maxPending);
      throw error;
    }
  }

  async #append(lines: readonly string[]): Promise<void> {
    const { files, path, maxBytes } = this.#deps;
    const text = lines.join('');
    const size = await files.size(path);
    if (size > 0 && size + Buffer.byteLength(text) > maxBytes) await this.#rotate();
    await files.append(path, text);
  }

  async #rotate(): Promise<void> {
    const { files, path, maxBackups } = this.#deps;
    if (maxBackups === 0) return files.remove(path);
    for (let number = maxBackups; number > 1; number -= 1) {
      await files.rename(`${path}.${number - 1}`, `${path}.${number}`);
    }
    await files.rename(path, `${path}.1`);
  }
}

/** Said where the lost lines would stand. */
function lossLine(count: number): string {
  return `${JSON.stringify({ kind: 'Event', apiVersion: 'audit.k8s.io/v1', level: 'None', annotations: { 'audit.eliot.run/lost': String(count) } })}\n`;
}
