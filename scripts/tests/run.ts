/**
 * Runs the test levels and prints a count for each, then one line for all. As many files run at once as there are
 * cores, and more while the machine is idle (next-file.ts).
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Area } from './conformance-counts.ts';
import { stages } from './levels.ts';
import { formatReport, isGreen, type LevelResult } from './report.ts';
import { runStage } from './run-stage.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const wanted = process.argv.slice(2);
const names = stages.flat().map(({ name }) => name);
const unknown = wanted.filter((name) => !names.includes(name));
if (unknown.length > 0) {
  console.error(`unknown level ${unknown.join(', ')}; known are ${names.join(', ')}`);
  process.exit(2);
}

const results: LevelResult[] = [];
for (const stage of stages) {
  const levels = stage.filter(({ name, onDemand }) => (wanted.length > 0 ? wanted.includes(name) : !onDemand));
  results.push(...(await runStage(levels, root)));
}
const areas: readonly Area[] = JSON.parse(readFileSync(`${root}/test/conformance/areas.json`, 'utf8'));
console.log(formatReport(results, areas).join('\n'));
process.exitCode = isGreen(results) ? 0 : 1;
