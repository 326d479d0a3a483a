/**
 * Aligns cells that end in a tab, as Go's `text/tabwriter` does, so that tables and descriptions look
 * as kubectl's do. A column is a run of neighbouring lines that have a cell there; it is as wide as its
 * widest cell plus `padding`, and at least `minWidth`. What follows the last tab of a line is not padded.
 */
export interface TabWriterOptions {
  readonly minWidth: number;
  readonly padding: number;
}

/** kubectl's settings for `get`. */
export const tableTabs: TabWriterOptions = { minWidth: 6, padding: 3 };
/** kubectl's settings for `describe`. */
export const describeTabs: TabWriterOptions = { minWidth: 0, padding: 2 };

/** `text` with its tabs replaced by blanks. Trailing blanks of a line are kept, as Go keeps them. */
export function alignTabs(text: string, options: TabWriterOptions): string {
  const lines = text.split('\n').map((line) => line.split('\t'));
  const widths = lines.map((cells): number[] => cells.map(() => 0));
  for (let column = 0; lines.some((cells) => cells.length - 1 > column); column++) {
    alignColumn(lines, widths, column, options);
  }
  return lines
    .map((cells, row) =>
      cells
        .map((cell, column) => (column === cells.length - 1 ? cell : pad(cell, widths[row]?.[column] ?? 0)))
        .join(''),
    )
    .join('\n');
}

/** Sets the width of one column, run by run. */
function alignColumn(
  lines: readonly (readonly string[])[],
  widths: readonly number[][],
  column: number,
  options: TabWriterOptions,
): void {
  let start = 0;
  while (start < lines.length) {
    let end = start;
    let widest = 0;
    for (let cells = lines[end]; cells !== undefined && cells.length - 1 > column; cells = lines[++end]) {
      widest = Math.max(widest, widthOf(cells[column] ?? ''));
    }
    const width = Math.max(options.minWidth, widest + options.padding);
    for (let row = start; row < end; row++) {
      const rowWidths = widths[row];
      if (rowWidths !== undefined) rowWidths[column] = width;
    }
    start = Math.max(end, start + 1);
  }
}

function pad(cell: string, width: number): string {
  return cell + ' '.repeat(Math.max(0, width - widthOf(cell)));
}

/** Characters, not UTF-16 units. */
export function widthOf(text: string): number {
  return [...text].length;
}
