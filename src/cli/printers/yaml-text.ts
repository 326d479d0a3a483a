/** YAML text; a module of its own, so that the library is loaded only when YAML is asked for. */
import { stringify } from 'yaml';

/** One document, with a last newline, in the layout of Go's library. */
export function yamlText(value: unknown): string {
  // Go's library writes sequences at the level of their key and never folds a line.
  // Strings that older YAML would read as a time or a boolean are quoted, as kubectl quotes them.
  return stringify(value, { version: '1.1', indentSeq: false, lineWidth: 0, aliasDuplicateObjects: false });
}
