/** Runs the levels of one stage side by side. */
import { globSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { IdleShare } from './idle-share.ts';
import type { Level } from './levels.ts';
import { nextFile, type TestFile } from './next-file.ts';
import type { LevelResult } from './report.ts';
import { type FileResult, runFile } from './run-file.ts';

/** How often it is asked whether the machine has room for one file more. */
const lookMs = 250;

/** What a file printed is printed when it has ended, so that no two files mix. */
export async function runStage(levels: readonly Level[], root: string): Promise<readonly LevelResult[]> {
  const runs = new Map(levels.map((level) => [level, new LevelRun(level, root)]));
  const waiting = [...runs.values()].flatMap(({ files }) => files);
  const running = new Map<TestFile, Promise<void>>();
  const machine = new IdleShare();
  let lastStartMs = Number.NEGATIVE_INFINITY;
  while (waiting.length + running.size > 0) {
    const use = {
      cores: availableParallelism(),
      idleShare: machine.read(),
      sinceLastStartMs: performance.now() - lastStartMs,
    };
    const file = nextFile(waiting, [...running.keys()], use);
    if (file === undefined) {
      await Promise.race([...running.values(), delay(lookMs)]);
      continue;
    }
    waiting.splice(waiting.indexOf(file), 1);
    lastStartMs = performance.now();
    const ended = runs.get(file.level)?.run(file) ?? Promise.resolve();
    running.set(
      file,
      ended.finally(() => running.delete(file)),
    );
  }
  return [...runs.values()].map((run) => run.result);
}

/** One level under way. */
class LevelRun {
  /** In the order in which they are to start. */
  readonly files: readonly TestFile[];
  readonly #level: Level;
  readonly #root: string;
  readonly #results: FileResult[] = [];
  #startedMs: number | undefined;
  #endedMs = 0;

  constructor(level: Level, root: string) {
    const found = globSync(level.files, { cwd: root }).sort();
    const first = (level.first ?? []).filter((path) => found.includes(path));
    const paths = [...first, ...found.filter((path) => !first.includes(path))];
    this.files = paths.map((path) => ({ level, path }));
    this.#level = level;
    this.#root = root;
  }

  get result(): LevelResult {
    const seconds = (this.#endedMs - (this.#startedMs ?? 0)) / 1000;
    return { level: this.#level, results: this.#results, seconds };
  }

  async run({ path }: TestFile): Promise<void> {
    this.#startedMs ??= performance.now();
    const result = await runFile(path, this.#level.timeoutMs, this.#root);
    this.#results.push(result);
    this.#endedMs = performance.now();
    process.stdout.write(
      `\n── ${this.#level.name} ${this.#results.length}/${this.files.length}: ${path}\n${result.output}`,
    );
  }
}
