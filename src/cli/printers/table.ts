/** Prints the server's tables (`meta.k8s.io/v1 Table`) as kubectl does. */
import type { ObjectMeta } from '../../api/meta.ts';
import { escapeControls } from '../terminal/escape-controls.ts';
import { alignTabs, tableTabs, widthOf } from './tab-writer.ts';

export interface TableColumn {
  readonly name: string;
  readonly type: string;
  readonly format?: string;
  /** 0 is always shown, more with `-o wide` only. */
  readonly priority?: number;
}

export interface TableRow {
  readonly cells: readonly unknown[];
  readonly object?: { readonly metadata?: ObjectMeta };
}

export interface Table {
  readonly kind: 'Table';
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string };
  readonly columnDefinitions?: readonly TableColumn[] | null;
  readonly rows?: readonly TableRow[] | null;
}

export interface TableOptions {
  readonly wide: boolean;
  readonly noHeaders: boolean;
  /** Adds a first column NAMESPACE. */
  readonly withNamespace: boolean;
  /** Adds a last column LABELS. */
  readonly showLabels: boolean;
  /** A column each for these label keys. */
  readonly labelColumns: readonly string[];
  /** Written before names when several kinds are shown: `pod`. */
  readonly namePrefix?: string | undefined;
}

/** The header and rows of a table in columns, with a last newline; nothing for no rows. */
export function renderTable(table: Table, options: TableOptions): string {
  return alignTabs(tabbedTable(table, options), tableTabs);
}

/** The same before it is aligned: a tab between cells. */
export function tabbedTable(table: Table, options: TableOptions): string {
  const rows = table.rows ?? [];
  if (rows.length === 0) return '';
  const columns = table.columnDefinitions ?? [];
  const lines = rows.map((row) => rowCells(row, columns, options));
  if (!options.noHeaders) lines.unshift(headerCells(columns, options));
  return lines.map((cells) => `${cells.join('\t')}\n`).join('');
}

/** Cells of the header line. */
function headerCells(columns: readonly TableColumn[], options: TableOptions): readonly string[] {
  return [
    ...(options.withNamespace ? ['NAMESPACE'] : []),
    ...columns.filter((column) => isShown(column, options)).map((column) => column.name.toUpperCase()),
    // As kubectl: the last part of the key stands for it.
    ...options.labelColumns.map((key) => (key.split('/').at(-1) ?? key).toUpperCase()),
    ...(options.showLabels ? ['LABELS'] : []),
  ];
}

/** Cells of one row, safe to print. */
function rowCells(row: TableRow, columns: readonly TableColumn[], options: TableOptions): readonly string[] {
  const { namespace, labels = {} } = row.object?.metadata ?? {};
  const cells = columns.flatMap((column, index) => {
    if (!isShown(column, options)) return [];
    const cell = formatCell(row.cells[index]);
    return [column.format === 'name' && options.namePrefix !== undefined ? `${options.namePrefix}/${cell}` : cell];
  });
  return [
    ...(options.withNamespace ? [namespace ?? ''] : []),
    ...cells,
    ...options.labelColumns.map((key) => labels[key] ?? ''),
    ...(options.showLabels ? [formatLabels(labels)] : []),
  ];
}

/** `a=1,b=2` in order of the keys, or `<none>`. */
function formatLabels(labels: Readonly<Record<string, string>>): string {
  const entries = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.length === 0 ? '<none>' : entries.map(([key, value]) => `${key}=${value}`).join(',');
}

/**
 * Rows that arrive one by one (`-w`) under columns that never shrink, so that lines stay aligned as well as
 * what is still to come allows.
 */
export class StreamedTable {
  readonly #options: TableOptions;
  #columns: readonly TableColumn[] = [];
  #widths: number[] = [];
  #hasHeader = false;

  constructor(options: TableOptions) {
    this.#options = options;
  }

  /** The lines of `table`, after a header when it is the first. Only the first table must carry its columns. */
  render(table: Table): string {
    if (table.columnDefinitions && table.columnDefinitions.length > 0) this.#columns = table.columnDefinitions;
    const lines = (table.rows ?? []).map((row) => rowCells(row, this.#columns, this.#options));
    if (lines.length === 0) return '';
    if (!this.#hasHeader && !this.#options.noHeaders) lines.unshift(headerCells(this.#columns, this.#options));
    this.#hasHeader = true;
    for (const cells of lines) {
      for (const [index, cell] of cells.entries()) {
        const wanted = Math.max(tableTabs.minWidth, widthOf(cell) + tableTabs.padding);
        this.#widths[index] = Math.max(this.#widths[index] ?? 0, wanted);
      }
    }
    return lines.map((cells) => `${this.#line(cells)}\n`).join('');
  }

  #line(cells: readonly string[]): string {
    return cells
      .map((cell, index) =>
        index === cells.length - 1 ? cell : cell + ' '.repeat((this.#widths[index] ?? 0) - widthOf(cell)),
      )
      .join('');
  }
}

function isShown(column: TableColumn, options: TableOptions): boolean {
  return options.wide || (column.priority ?? 0) === 0;
}

function formatCell(cell: unknown): string {
  if (cell === null || cell === undefined) return '<none>';
  const text = typeof cell === 'object' ? JSON.stringify(cell) : String(cell);
  const [first = '', ...more] = text.split('\n');
  return escapeControls(more.length > 0 ? `${first}...` : first);
}
