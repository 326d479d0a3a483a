/**
 * Runs the test levels and prints a count for each, then one line for all. Levels of one stage run at once: they wait
 * more than they compute. Devices of the end-to-end level have directories, ports and networks of their own, so
 * two files of it run side by side; integration tests share cgroups and registries and run one at a time.
 */
import { spawn } from 'node:child_process';
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Area, formatCounts, readScenarios } from './conformance-counts.ts';
import { parseSummary, type Summary } from './test-summary.ts';

interface Level {
  readonly name: string;
  readonly files: string;
  readonly concurrency: number;
  readonly timeoutMs: number;
  /** Runs only when it is asked for. */
  readonly onDemand?: boolean;
}

const stages: readonly (readonly Level[])[] = [
  [{ name: 'unit', files: 'src/**/*.test.ts', concurrency: availableParallelism(), timeoutMs: 120_000 }],
  [{ name: 'architecture', files: 'test/*.test.ts', concurrency: 1, timeoutMs: 120_000 }],
  [
    { name: 'integration', files: 'test/integration/**/*.test.ts', concurrency: 1, timeoutMs: 300_000 },
    { name: 'docs', files: 'test/docs/**/*.test.ts', concurrency: 1, timeoutMs: 300_000 },
  ],
  [{ name: 'e2e', files: 'test/e2e/**/*.test.ts', concurrency: 2, timeoutMs: 600_000 }],
  [{ name: 'packages', files: 'test/packages/**/*.test.ts', concurrency: 1, timeoutMs: 600_000, onDemand: true }],
  [{ name: 'vm', files: 'test/vm/**/*.test.ts', concurrency: 1, timeoutMs: 2_400_000, onDemand: true }],
];
const levels = stages.flat();

/** How many of a level's slowest files are named. */
const slowest = 8;

const root = fileURLToPath(new URL('..', import.meta.url));
const times = mkdtempSync(join(tmpdir(), 'eliot-test-times-'));
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !levels.some((level) => level.name === name));
if (unknown.length > 0) {
  console.error(`unknown level ${unknown.join(', ')}; known are ${levels.map((level) => level.name).join(', ')}`);
  process.exit(2);
}

const areas: readonly Area[] = JSON.parse(readFileSync(`${root}/test/conformance/areas.json`, 'utf8'));
const scenarioLines: string[] = [];
const results: (Summary & { readonly level: string; readonly seconds: number })[] = [];
for (const stage of stages) {
  const asked = stage.filter(({ name, onDemand }) => (wanted.length > 0 ? wanted.includes(name) : !onDemand));
  const [first] = asked;
  await Promise.all(
    asked.map(async (level) => {
      const files = globSync(level.files, { cwd: root }).sort();
      // Only one level's lines come as they are printed; those of another come together, when it has ended.
      let held = '';
      const print = (text: string): void => {
        if (level === first) process.stdout.write(text);
        else held += text;
      };
      print(`\n── ${level.name}: ${files.length} files\n`);
      const startedMs = performance.now();
      const summary = await runLevel(level, files, print);
      print(`the slowest files, in seconds\n${slowestFiles(level)}`);
      results.push({ level: level.name, seconds: (performance.now() - startedMs) / 1000, ...summary });
      process.stdout.write(held);
    }),
  );
}

console.log('\nlevel          files passed failed skipped seconds');
for (const { level, files, passed, failed, skipped, seconds } of results) {
  const columns = [files, passed, failed, skipped].map((count) => String(count).padStart(6)).join(' ');
  console.log(`${level.padEnd(13)}${columns} ${seconds.toFixed(0).padStart(8)}`);
}
const scenarios = readScenarios(scenarioLines);
if (scenarios.passed.size + scenarios.failed.size > 0) {
  console.log(`\nconformance scenarios that passed, per area\n${formatCounts(areas, scenarios).join('\n')}`);
}
const total = (key: 'passed' | 'failed' | 'skipped'): number => results.reduce((sum, result) => sum + result[key], 0);
console.log(`\n${total('passed')} passed, ${total('failed')} failed, ${total('skipped')} skipped`);
rmSync(times, { recursive: true });
process.exitCode = total('failed') > 0 || total('passed') === 0 ? 1 : 0;

function timesOf({ name }: Level): string {
  return join(times, name);
}

/** Nothing when the runner died. */
function slowestFiles(level: Level): string {
  if (!existsSync(timesOf(level))) return '';
  const lines = readFileSync(timesOf(level), 'utf8').replaceAll(root, '').split('\n').slice(0, slowest);
  return lines.map((line) => `${line}\n`).join('');
}

function runLevel(level: Level, files: readonly string[], print: (text: string) => void): Promise<Summary> {
  const { promise, resolve } = Promise.withResolvers<Summary>();
  const child = spawn(
    process.execPath,
    [
      '--test',
      `--test-concurrency=${level.concurrency}`,
      `--test-timeout=${level.timeoutMs}`,
      '--test-reporter=spec',
      '--test-reporter-destination=stdout',
      `--test-reporter=${root}scripts/file-times-reporter.ts`,
      `--test-reporter-destination=${timesOf(level)}`,
      '--disable-warning=ExperimentalWarning',
      ...files,
    ],
    { cwd: root, stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, NODE_ENV: 'test' } },
  );
  let output = '';
  let line = '';
  // Decoded as a whole: a letter may be split between two chunks.
  child.stdout.setEncoding('utf8');
  child.stdout.on('data', (chunk: string) => {
    print(chunk);
    output = (output + chunk).slice(-20_000);
    const lines = (line + chunk).split('\n');
    line = lines.pop() ?? '';
    scenarioLines.push(...lines.filter((text) => text.includes('/')));
  });
  child.on('close', (code) => {
    const summary = parseSummary(output);
    // A runner that died without a summary has failed, whatever it had counted.
    const failed = Math.max(summary.failed, code === 0 ? 0 : 1);
    resolve({ ...summary, failed, files: files.length });
  });
  return promise;
}
