/**
 * The commands of a Markdown page that a test runs: fenced blocks marked `sh run`, or `sh run installed` where the packages
 * are installed and systemd runs (`test/vm/packages.test.ts`). A `text` block right after one is what
 * the commands must print, where
 *
 *   `…` inside a line    stands for anything up to the end of the line or the next fixed text
 *   `…` alone on a line  stands for any number of lines
 *   two or more spaces   stand for any number of spaces: columns are as wide as what is in them
 */
export interface MarkedBlock {
  /** Of the opening fence, counted from 1. */
  readonly line: number;
  readonly commands: string;
  /** What the commands print; undefined: anything. */
  readonly expected: string | undefined;
}

interface FencedBlock {
  readonly line: number;
  readonly info: string;
  readonly text: string;
  /** Only blank lines stand between this block and the one before. */
  readonly isRightAfter: boolean;
}

/** The marked blocks of a page, or of a part of one, in their order. */
export function findMarkedBlocks(markdown: string, mark: 'sh run' | 'sh run installed' = 'sh run'): MarkedBlock[] {
  const blocks = fencedBlocks(markdown);
  return blocks.flatMap((block, index) => {
    if (block.info !== mark) return [];
    const next = blocks[index + 1];
    const expected = next?.info === 'text' && next.isRightAfter ? next.text : undefined;
    return [{ line: block.line, commands: block.text, expected }];
  });
}

function fencedBlocks(markdown: string): FencedBlock[] {
  const found: FencedBlock[] = [];
  let open: { readonly line: number; readonly info: string; readonly lines: string[] } | undefined;
  let isRightAfter = false;
  for (const [index, line] of markdown.split('\n').entries()) {
    const fence = /^```(.*)$/.exec(line);
    if (open === undefined && fence) {
      open = { line: index + 1, info: (fence[1] ?? '').trim(), lines: [] };
    } else if (open !== undefined && fence) {
      found.push({ line: open.line, info: open.info, text: open.lines.join('\n'), isRightAfter });
      open = undefined;
      isRightAfter = true;
    } else if (open !== undefined) {
      open.lines.push(line);
    } else if (line.trim() !== '') {
      isRightAfter = false;
    }
  }
  if (open !== undefined) throw new Error(`line ${open.line}: the block is not closed`);
  return found;
}

/** Whether `printed` is what `expected` describes; blank lines and spaces at the ends do not count. */
export function isAsExpected(printed: string, expected: string): boolean {
  const lines = tidy(expected).split('\n');
  const pattern = lines.map((line) => (line === '…' ? '(?:.*\\n)*?' : `${linePattern(line)}\\n`)).join('');
  return new RegExp(`^${pattern}$`).test(`${tidy(printed)}\n`);
}

function linePattern(line: string): string {
  return line
    .split('…')
    .map((part) =>
      part
        .split(/ {2,}/)
        .map((text) => RegExp.escape(text))
        .join(' +'),
    )
    .join('.*');
}

function tidy(text: string): string {
  return text.replace(/[ \t\r]+$/gm, '').replace(/^\n+|\n+$/g, '');
}
