/** What a run of the tests has come to, in words. Pure. */
import { type Area, formatCounts, readScenarios } from './conformance-counts.ts';
import type { Level } from './levels.ts';
import type { FileResult } from './run-file.ts';

/** How many of the slowest files are named. */
const slowest = 12;

export interface LevelResult {
  readonly level: Level;
  readonly results: readonly FileResult[];
  /** From its first file's start to its last one's end. */
  readonly seconds: number;
}

/** Failures once more, the slowest files, counts for each level and area, and the line for all last. */
export function formatReport(levels: readonly LevelResult[], areas: readonly Area[]): readonly string[] {
  const results = levels.flatMap((level) => level.results);
  const scenarios = readScenarios(results.flatMap(({ output }) => output.split('\n')));
  const hasScenarios = scenarios.passed.size + scenarios.failed.size > 0;
  return [
    ...failuresOf(results),
    '',
    'the slowest files, in seconds',
    ...results
      .toSorted((a, b) => b.seconds - a.seconds)
      .slice(0, slowest)
      .map(({ path, seconds }) => `${seconds.toFixed(1).padStart(7)} ${path}`),
    '',
    'level          files passed failed skipped seconds',
    ...levels.map(formatLevel),
    ...(hasScenarios ? ['', 'conformance scenarios that passed, per area', ...formatCounts(areas, scenarios)] : []),
    '',
    `${sum(results, 'passed')} passed, ${sum(results, 'failed')} failed, ${sum(results, 'skipped')} skipped`,
  ];
}

/** At least one test, and none that failed. */
export function isGreen(levels: readonly LevelResult[]): boolean {
  const results = levels.flatMap((level) => level.results);
  return sum(results, 'passed') > 0 && sum(results, 'failed') === 0;
}

/** The end of what they printed, where the reporter tells each failure with its error. */
function failuresOf(results: readonly FileResult[]): readonly string[] {
  const failures = results.filter(({ failed }) => failed > 0);
  if (failures.length === 0) return [];
  const told = failures.flatMap(({ path, output }) => {
    const from = output.indexOf('✖ failing tests');
    return ['', `── ${path}`, from < 0 ? output : output.slice(from)];
  });
  return ['', 'files with failures, once more', ...told];
}

function formatLevel({ level, results, seconds }: LevelResult): string {
  const counts = [results.length, sum(results, 'passed'), sum(results, 'failed'), sum(results, 'skipped')];
  const columns = counts.map((count) => String(count).padStart(6)).join(' ');
  return `${level.name.padEnd(13)}${columns} ${seconds.toFixed(0).padStart(8)}`;
}

function sum(results: readonly FileResult[], key: 'passed' | 'failed' | 'skipped'): number {
  return results.reduce((total, result) => total + result[key], 0);
}
