/**
 * Runs the test levels one after the other and prints a count for each, then one line for all.
 * Unit tests run file by file in parallel; the others share one machine's network and cgroups,
 * so they run one at a time.
 */
import { spawn } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
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

const levels: readonly Level[] = [
  { name: 'unit', files: 'src/**/*.test.ts', concurrency: availableParallelism(), timeoutMs: 120_000 },
  { name: 'architecture', files: 'test/*.test.ts', concurrency: 1, timeoutMs: 120_000 },
  { name: 'integration', files: 'test/integration/**/*.test.ts', concurrency: 1, timeoutMs: 300_000 },
  { name: 'e2e', files: 'test/e2e/**/*.test.ts', concurrency: 2, timeoutMs: 600_000 },
  { name: 'docs', files: 'test/docs/**/*.test.ts', concurrency: 1, timeoutMs: 300_000 },
  { name: 'vm', files: 'test/vm/**/*.test.ts', concurrency: 1, timeoutMs: 2_400_000, onDemand: true },
];

const root = fileURLToPath(new URL('..', import.meta.url));
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !levels.some((level) => level.name === name));
if (unknown.length > 0) {
  console.error(`unknown level ${unknown.join(', ')}; known are ${levels.map((level) => level.name).join(', ')}`);
  process.exit(2);
}

const areas: readonly Area[] = JSON.parse(readFileSync(`${root}/test/conformance/areas.json`, 'utf8'));
const scenarioLines: string[] = [];
const results: (Summary & { readonly level: string; readonly seconds: number })[] = [];
for (const level of levels) {
  if (wanted.length > 0 ? !wanted.includes(level.name) : level.onDemand) continue;
  const files = globSync(level.files, { cwd: root }).sort();
  if (files.length === 0) continue;
  console.log(`\n── ${level.name}: ${files.length} files`);
  const startedMs = performance.now();
  const summary = await runLevel(level, files);
  results.push({ level: level.name, seconds: (performance.now() - startedMs) / 1000, ...summary });
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
process.exitCode = total('failed') > 0 || total('passed') === 0 ? 1 : 0;

function runLevel(level: Level, files: readonly string[]): Promise<Summary> {
  const { promise, resolve } = Promise.withResolvers<Summary>();
  const child = spawn(
    process.execPath,
    [
      '--test',
      `--test-concurrency=${level.concurrency}`,
      `--test-timeout=${level.timeoutMs}`,
      '--test-reporter=spec',
      '--test-reporter-destination=stdout',
      `--test-reporter=${root}/scripts/file-times-reporter.ts`,
      `--test-reporter-destination=${root}/.cache/times-${level.name}.txt`,
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
    process.stdout.write(chunk);
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
