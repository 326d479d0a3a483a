/** A pipe between two containers in memory, of which eliotd's part may be killed before anything that it does. */
import assert from 'node:assert/strict';
import type { LogChainFiles } from '../agent/logs/log-chain.ts';
import type { LogPosition } from '../agent/pipes/log-position.ts';
import { PipeFlow } from '../agent/pipes/pipe-flow.ts';
import type { PipeProgress } from '../agent/pipes/pipe-progress.ts';
import { silentLogger } from '../lib/logger.ts';
import { StatusError } from '../lib/status-error.ts';
import type { ContainerInput } from '../runtime/runtime.ts';
import { FakeClock } from './fake-clock.ts';
import { settle } from './settle.ts';

/** The logs of all runs of a source, in memory. */
class SourceLogs {
  readonly lines: string[] = [];
  #files: { path: string; inode: number; content: Buffer }[] = [];
  #run = 0;
  #inodes = 0;
  #rest = '';

  constructor() {
    this.#begin();
  }

  get runs(): string[] {
    return Array.from({ length: this.#run + 1 }, (_, number) => `/logs/${number}.log`);
  }

  get current(): string {
    return `/logs/${this.#run}.log`;
  }

  print(text: string, isPartial = false): void {
    const file = this.#files.at(-1);
    assert.ok(file);
    file.content = Buffer.concat([
      file.content,
      Buffer.from(`2026-01-01T00:00:00Z stdout ${isPartial ? 'P' : 'F'} ${text}\n`),
    ]);
    this.#rest += text;
    if (!isPartial) this.#endLine();
  }

  rotate(): void {
    const file = this.#files.at(-1);
    assert.ok(file);
    file.path = `${this.current}.${String(this.#inodes).padStart(6, '0')}`;
    this.#begin();
  }

  restart(): void {
    this.#run += 1;
    this.#begin();
    if (this.#rest !== '') this.#endLine();
  }

  get files(): LogChainFiles {
    const ofRun = (path: string) =>
      this.#files.filter((file) => file.path === path || file.path.startsWith(`${path}.`));
    return {
      list: async (path) => ofRun(path).map((file) => ({ path: file.path, inode: file.inode })),
      readInode: async (path) => this.#files.find((file) => file.path === path)?.inode,
      open: async (path) => {
        const file = this.#files.find((each) => each.path === path);
        return (
          file && {
            inode: file.inode,
            readSize: async () => file.content.length,
            isBeingWritten: async () => false,
            read: async (buffer, position) => file.content.copy(buffer, 0, position),
            close: async () => {},
          }
        );
      },
    };
  }

  #begin(): void {
    this.#inodes += 1;
    this.#files.push({ path: this.current, inode: this.#inodes, content: Buffer.alloc(0) });
  }

  #endLine(): void {
    this.lines.push(this.#rest);
    this.#rest = '';
  }
}

/** The stdin of one run of a target, as its kernel holds it. */
class TargetInput {
  readonly id: string;
  unread: Buffer = Buffer.alloc(0);
  mark: number | undefined;

  constructor(id: string) {
    this.id = id;
  }

  /** As one process has it open; `effect` stands before everything that is done to it. */
  open(roomBytes: number, effect: () => void): ContainerInput {
    return {
      write: (bytes) => {
        effect();
        if (this.unread.length + bytes.length > roomBytes) return false;
        this.unread = Buffer.concat([this.unread, bytes]);
        this.mark = undefined;
        return true;
      },
      mark: (number) => {
        effect();
        this.mark = number;
      },
      isMarked: (number) => this.mark === number,
      countUnread: async (onTaken) => {
        const taken = this.unread;
        if (taken.length === 0) return 0;
        // That some were taken is noted some microseconds later: a kill between is not in this model.
        onTaken(taken.length, false);
        this.unread = Buffer.alloc(0);
        effect();
        this.unread = taken;
        onTaken(0, false);
        return taken.length;
      },
      takeUnread: async () => {
        effect();
        return { count: this.unread.length, wasFull: false, first: this.unread };
      },
      close: () => {},
    };
  }
}

/** The runs of a target, with what they heard. Of a line that a run had not heard whole it knows nothing. */
class Targets {
  readonly heard: string[] = [];
  readonly #roomBytes: number;
  #input: TargetInput | undefined;
  #runs = 0;
  #line = '';

  constructor(roomBytes: number) {
    this.#roomBytes = roomBytes;
  }

  get running(): string | undefined {
    return this.#input?.id;
  }

  get hasRead(): boolean {
    return this.#input?.unread.length === 0;
  }

  start(): void {
    this.#runs += 1;
    this.#input = new TargetInput(`target-${this.#runs}`);
    this.#line = '';
  }

  read(bytes: number): void {
    const input = this.#input;
    if (input === undefined) return;
    const pieces = (this.#line + input.unread.subarray(0, bytes).toString()).split('\n');
    input.unread = input.unread.subarray(bytes);
    this.#line = pieces.pop() ?? '';
    this.heard.push(...pieces);
  }

  end(): void {
    this.#input = undefined;
  }

  open(id: string, effect: () => void): ContainerInput {
    if (id !== this.#input?.id) throw new StatusError('NotFound', 'it does not run');
    return this.#input.open(this.#roomBytes, effect);
  }
}

/** A device: eliotd, of which the pipe is a part, may be killed before anything that it does. */
export class PipeDevice {
  readonly logs = new SourceLogs();
  readonly targets: Targets;
  readonly clock = new FakeClock();
  readonly refused: string[] = [];
  openFailure: Error | undefined;
  /** Of whoever looks at what was not read of an input that is opened now. */
  lookFailure: Error | undefined;
  kept: LogPosition | undefined;
  progress: PipeProgress | undefined;
  flow: PipeFlow | undefined;
  /** Whether a target has ended of which eliotd did not learn how much it had read. */
  mayRepeat = false;
  #stop = new AbortController();
  #effectsLeft = Number.POSITIVE_INFINITY;

  constructor(roomBytes = 20_000) {
    this.targets = new Targets(roomBytes);
  }

  start(): void {
    const stop = new AbortController();
    this.#stop = stop;
    this.#effectsLeft = Number.POSITIVE_INFINITY;
    const effect = (): void => {
      if (stop.signal.aborted || this.#effectsLeft <= 0) throw new Error('killed');
      this.#effectsLeft -= 1;
    };
    this.flow = new PipeFlow({
      files: this.logs.files,
      runs: async () => this.logs.runs,
      mayGrow: (run) => run === this.logs.current,
      clock: this.clock,
      log: silentLogger,
      name: 'a pipe',
      target: () => this.targets.running,
      openInput: async (id) => {
        if (this.openFailure) throw this.openFailure;
        const input = this.targets.open(id, effect);
        const { lookFailure } = this;
        const fail = (): Promise<never> => Promise.reject(lookFailure);
        return lookFailure === undefined ? input : { ...input, countUnread: fail, takeUnread: fail };
      },
      record: {
        read: () => this.progress,
        write: (progress) => {
          effect();
          this.progress = structuredClone(progress);
        },
      },
      kept: this.kept,
      onMoved: () => {},
      onRefused: (message) => this.refused.push(message),
      watch: () => () => {},
    });
    this.flow.run(stop.signal);
  }

  /** It is killed before it does one thing more than so many. */
  killAfter(effects: number): void {
    this.#effectsLeft = effects;
  }

  /** Whether it was killed after bytes of the input were put back, and before that was noted. */
  get isGivenBackUnnoted(): boolean {
    const { progress, targets } = this;
    return progress !== undefined && progress.taken > 0 && progress.target === targets.running && !targets.hasRead;
  }

  kill(): void {
    const { target = '' } = this.progress ?? {};
    if (target !== '' && target !== this.targets.running) this.mayRepeat = true;
    this.flow = undefined;
    this.#stop.abort(new Error('killed'));
  }

  /** Everything is gone but what is on disk. */
  loseRun(): void {
    this.progress = undefined;
    this.targets.end();
  }

  /** Lets what can happen in so many milliseconds happen. */
  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 250) {
      this.flow?.wake();
      await settle(3);
      this.clock.advance(250);
    }
    await settle(3);
  }

  /** The target reads on until nothing comes any more. */
  async finish(): Promise<void> {
    if (this.targets.running === undefined) this.targets.start();
    for (let quiet = 0; quiet < 4; ) {
      await this.pass(1_000);
      quiet = this.targets.hasRead ? quiet + 1 : 0;
      this.targets.read(1_000_000);
    }
  }
}
