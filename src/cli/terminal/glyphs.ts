/** The signs that lines for people begin with, and those that move; in ASCII where others cannot be shown. */

export type Mark = 'done' | 'failed' | 'warning' | 'info';

export interface Glyphs {
  readonly marks: Readonly<Record<Mark, string>>;
  /** One frame each `frameMs`. */
  readonly spinner: readonly string[];
  /** Stands for what was left out; one column. */
  readonly ellipsis: string;
}

/** How long one frame of a spinner stands, in milliseconds; nothing is drawn more often. */
export const frameMs = 100;

export const unicodeGlyphs: Glyphs = {
  marks: { done: '✓', failed: '✘', warning: '⚠', info: '•' },
  spinner: ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'],
  ellipsis: '…',
};

export const asciiGlyphs: Glyphs = {
  marks: { done: '+', failed: 'x', warning: '!', info: '*' },
  spinner: ['|', '/', '-', '\\'],
  ellipsis: '~',
};
