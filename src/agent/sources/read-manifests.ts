/**
 * From the files of a manifest directory to the objects they want, all or none.
 *
 * Every fault says file, document and line, so that somebody with a text editor on the device can mend it.
 */
import { parseYaml, YamlError } from '../../lib/kubernetes-yaml.ts';
import { StatusError } from '../../lib/status-error.ts';
import { decodeManifest } from './decode-manifest.ts';
import { type DesiredObject, describeObject, identityOf } from './desired-state.ts';

export interface ManifestFile {
  /** Without directory, for messages. */
  readonly name: string;
  readonly text: string;
}

/** One document of a file. */
interface ManifestDocument {
  readonly text: string;
  /** Counted from 1. */
  readonly number: number;
  /** The line of the file on which it starts, counted from 1. */
  readonly line: number;
}

/**
 * Every object of `files`, in their order.
 *
 * @throws StatusError BadRequest or Invalid for the first fault: no YAML, no object of a kind that is served, a field
 *   that is wrong, an object that stands there twice
 */
export function readManifests(files: readonly ManifestFile[]): DesiredObject[] {
  const objects: DesiredObject[] = [];
  const places = new Map<string, string>();
  for (const file of files) {
    for (const document of splitDocuments(file.text)) {
      const place = `${file.name}, document ${document.number}, line ${document.line}`;
      for (const desired of readDocument(file, document, place)) {
        const identity = identityOf(desired.kind, desired.object);
        const before = places.get(identity);
        if (before !== undefined) {
          const what = describeObject(desired.kind, desired.object);
          throw new StatusError('Invalid', `${place}: ${what} is also in ${before}`);
        }
        places.set(identity, place);
        objects.push(desired);
      }
    }
  }
  return objects;
}

function readDocument(file: ManifestFile, document: ManifestDocument, place: string): DesiredObject[] {
  const value = parse(file, document);
  if (value === undefined || value === null) return []; // only comments
  try {
    return decodeManifest(value);
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    throw new StatusError(error.reason, `${place}: ${error.message}`, { cause: error });
  }
}

/** JSON is YAML too: one parser reads both. */
function parse(file: ManifestFile, document: ManifestDocument): unknown {
  try {
    return parseYaml(document.text);
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    const line = document.line + (error.line ?? 0);
    const place = `${file.name}, document ${document.number}, line ${line}`;
    throw new StatusError('BadRequest', `${place}: no valid YAML: ${error.message}`, { cause: error });
  }
}

/** A line that starts with `---` ends a document wherever it stands (YAML 1.2.2, 9.1.2), so lines are enough to tell. */
function splitDocuments(text: string): ManifestDocument[] {
  const documents: ManifestDocument[] = [];
  let lines: string[] = [];
  let start = 1;
  const finish = (): void => {
    // Directives and comments before the first `---` are no document of their own.
    const hasContent = lines.some((line) => line.trim() !== '' && !/^(#|%|---\s*(#.*)?$|\.\.\.\s*$)/.test(line));
    if (hasContent) documents.push({ text: lines.join('\n'), number: documents.length + 1, line: start });
  };
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (/^---(\s|$)/.test(line)) {
      finish();
      lines = [];
      start = index + 1;
    }
    lines.push(line);
  }
  finish();
  return documents;
}
