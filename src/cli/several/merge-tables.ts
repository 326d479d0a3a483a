/** Makes one table of those of several devices, with a first column that says which. Pure. */

/** As one device printed it: lines with a tab between cells, not aligned yet. */
export interface NodeTable {
  readonly node: string;
  readonly text: string;
  readonly hasHeader: boolean;
}

/**
 * Tables with the same columns become one, in the order in which the first of each came; those of different columns (several
 * kinds, or devices of different versions) stay apart, with an empty line between.
 *
 * @returns lines with a tab between cells; empty when there are none
 */
export function mergeTables(tables: readonly NodeTable[]): string {
  const merged = new Map<string, { readonly header: string | undefined; readonly rows: string[] }>();
  for (const { node, text, hasHeader } of tables) {
    const lines = text.split('\n').filter((line) => line !== '');
    const header = hasHeader ? lines.shift() : undefined;
    const key = header ?? String(lines[0]?.split('\t').length ?? 0);
    const known = merged.get(key) ?? { header, rows: [] };
    known.rows.push(...lines.map((line) => `${node}\t${line}`));
    merged.set(key, known);
  }
  return [...merged.values()]
    .map(({ header, rows }) => [...(header === undefined ? [] : [`NODE\t${header}`]), ...rows].join('\n'))
    .map((table) => `${table}\n`)
    .join('\n');
}
