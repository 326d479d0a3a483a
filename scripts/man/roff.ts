/** Pieces of manual pages, in the macros of man(7). */

/** Text as roff shows it: nothing in it is a request, a dash is the one of the keyboard. */
function plain(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('…', '\\&...')
    .replaceAll(/^(?=[.'])/gm, '\\&');
}

/**
 * The head of a page.
 *
 * @param date as `2026-11-28`
 */
export function header(name: string, section: number, date: string, summary: string): string {
  return `.TH ${name.toUpperCase()} ${section} ${date} Eliot "Eliot manual"\n.SH NAME\n${name} \\- ${plain(summary)}\n`;
}

export function heading(text: string): string {
  return `.SH ${plain(text)}\n`;
}

export function subheading(text: string): string {
  return `.SS ${plain(text)}\n`;
}

export function paragraph(text: string): string {
  return `.PP\n${plain(text)}\n`;
}

/** A term with what it means below. */
export function entry(term: string, text: string): string {
  return `.TP\n.B ${quoted(term)}\n${plain(text)}\n`;
}

/** Lines as they are, commands for example. */
export function verbatim(text: string): string {
  return `.PP\n.RS 4\n.nf\n${plain(text)}\n.fi\n.RE\n`;
}

/** One argument of a macro. */
function quoted(text: string): string {
  return `"${plain(text).replaceAll('"', '\\(dq')}"`;
}
