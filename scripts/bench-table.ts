/**
 * Writes what the last `npm run bench` measured into the README, between its markers.
 *
 *   node scripts/bench-table.ts
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { table } from './reference/markdown.ts';

/** What `bench/bench.ts` writes. */
export interface BenchResults {
  readonly date: string;
  readonly node: string;
  readonly rounds: number;
  readonly pods: number;
  readonly idleSeconds: number;
  readonly rows: readonly {
    readonly what: string;
    readonly budget: string;
    readonly measured: string;
    readonly isMet?: boolean;
  }[];
}

const begin = '<!-- bench:begin (written by scripts/bench-table.ts from bench/results.json) -->';
const end = '<!-- bench:end -->';

/** The table as Markdown, with the sum of all memory and a line on when and how it was measured. */
export function benchTable(results: BenchResults): string {
  const { date, node, rounds, pods, idleSeconds, rows } = results;
  const cells = rows.map(({ what, budget, measured, isMet }) => [
    what,
    budget,
    measured,
    isMet === undefined ? '' : isMet ? 'yes' : 'no',
  ]);
  const total = totalMemoryMb(results);
  if (total !== undefined) cells.push([`**all together, ${pods} pods: PSS**`, '', `**${total.toFixed(1)} MB**`, '']);
  return `${table(['what', 'budget', 'measured', 'met'], cells)}

Measured on ${date.slice(0, 10)} with Node ${node.replace(/^v/, '')}: ${rounds} rounds, ${pods} pods, idle for ${idleSeconds} s.`;
}

/** eliotd, containerd and the shims with all pods; undefined when one of them was not measured. */
function totalMemoryMb({ pods, rows }: BenchResults): number | undefined {
  const parts = ['eliotd', 'containerd', 'shims'].map((program) => {
    const row = rows.find(({ what }) => what === `${program}, ${pods} pods: PSS`);
    return row === undefined ? Number.NaN : Number.parseFloat(row.measured);
  });
  const sum = parts.reduce((left, right) => left + right, 0);
  return Number.isNaN(sum) ? undefined : sum;
}

/** The page with `text` between its markers. @throws Error when it has no markers */
export function putBetweenMarkers(page: string, text: string): string {
  const from = page.indexOf(begin);
  const to = page.indexOf(end);
  if (from < 0 || to < from) throw new Error('the README has no markers for the benchmark');
  return `${page.slice(0, from + begin.length)}\n\n${text}\n\n${page.slice(to)}`;
}

if (import.meta.main) {
  const root = join(import.meta.dirname, '..');
  const results = JSON.parse(readFileSync(join(root, 'bench/results.json'), 'utf8')) as BenchResults;
  const readme = join(root, 'README.md');
  writeFileSync(readme, putBetweenMarkers(readFileSync(readme, 'utf8'), benchTable(results)));
}
