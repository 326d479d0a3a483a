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
    ...emptyOf(levels),
    `${sum(results, 'passed')} passed, ${sum(results, 'failed')} failed, ${sum(results, 'skipped')} skipped`,
  ];
}

/** None failed, each file has tests, and each level files: a level that ran nothing has shown nothing. */
export function isGreen(levels: readonly LevelResult[]): boolean {
  return (
    levels.length > 0 &&
    levels.every(
      ({ results }) =>
        results.length > 0 && results.every(({ passed, failed, skipped }) => failed === 0 && passed + skipped > 0),
    )
  );
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

/** What no count shows. */
function emptyOf(levels: readonly LevelResult[]): readonly string[] {
  const files = levels
    .flatMap(({ results }) => results)
    .filter(({ passed, failed, skipped }) => passed + failed + skipped === 0);
  return [
    ...levels
      .filter(({ results }) => results.length === 0)
      .map(({ level }) => `✖ ${level.name}: no file of it was found`),
    ...files.map(({ path }) => `✖ ${path}: no test in it`),
  ];
}

function formatLevel({ level, results, seconds }: LevelResult): string {
  const counts = [results.length, sum(results, 'passed'), sum(results, 'failed'), sum(results, 'skipped')];
  const columns = counts.map((count) => String(count).padStart(6)).join(' ');
  return `${level.name.padEnd(13)}${columns} ${seconds.toFixed(0).padStart(8)}`;
}

function sum(results: readonly FileResult[], key: 'passed' | 'failed' | 'skipped'): number {
  return results.reduce((total, result) => total + result[key], 0);
}
