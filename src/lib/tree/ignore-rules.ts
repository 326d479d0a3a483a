/**
 * Which files nobody wants elsewhere: `.gitignore` (in any directory), `.dockerignore` and `.eliotignore` (at the root).
 *
 * A path is left out when git or docker would leave it out; what `.eliotignore` says of it, either way, is above both. The
 * directory `.git` is always left out unless `.eliotignore` says otherwise. What a person said at the command line is above all
 * files: they are part of a tree that others may write.
 */
import ignore, { type Ignore } from 'ignore';
import { ancestorsOf, foldName, isGitName, isOwnName, joinPath, nameOf } from './tree-path.ts';

export type IgnoreKind = 'git' | 'docker' | 'eliot';

/** The text of one such file. */
export interface IgnoreSource {
  readonly kind: IgnoreKind;
  /** The directory in the tree that it stands in; empty for the root. */
  readonly directory: string;
  readonly text: string;
}

const kindsByName: Readonly<Record<string, IgnoreKind>> = {
  '.gitignore': 'git',
  '.dockerignore': 'docker',
  '.eliotignore': 'eliot',
};

/** What kind of rules the file at `path` holds; undefined for every other file. */
export function ignoreKindOf(path: string): IgnoreKind | undefined {
  const kind = kindsByName[nameOf(path)];
  return kind === 'git' || path === nameOf(path) ? kind : undefined;
}

/** Whether the file at `path` holds rules, on whichever disk: also one that does not tell `a` from `A`. */
export function mayHoldRules(path: string): boolean {
  const name = foldName(nameOf(path));
  return ignoreKindOf(path.includes('/') ? `x/${name}` : name) !== undefined;
}

/** Whether two lists hold the same rules, in whichever order and however often. */
export function isSameRules(a: readonly IgnoreSource[], b: readonly IgnoreSource[]): boolean {
  if (a.length === b.length && a.every((source, index) => source === b[index])) return true;
  const [ofA, ofB] = [textsOf(a), textsOf(b)];
  // Sets compare themselves from Node 22 on only, and this runs in eli.
  return ofA.size === ofB.size && [...ofA].every((text) => ofB.has(text));
}

function textsOf(sources: readonly IgnoreSource[]): ReadonlySet<string> {
  return new Set(sources.map(({ kind, directory, text }) => `${kind}\0${directory}\0${text}`));
}

export class IgnoreRules {
  readonly #sources: IgnoreSource[] = [];
  readonly #git = new Map<string, Ignore>();
  /** Only where there are some: each is asked for every file. */
  #docker: Ignore | undefined;
  #eliot: Ignore | undefined;
  readonly #patterns: string;
  readonly #own: Ignore | undefined;

  /** @param patterns that no file can say otherwise of, in the language of `.gitignore` */
  constructor(sources: readonly IgnoreSource[] = [], patterns = '') {
    this.#patterns = patterns;
    if (patterns.trim() !== '') this.#own = ignore().add(patterns);
    for (const source of sources) this.add(source);
  }

  /** What it was made of, to be made again elsewhere; the patterns are the last of `.eliotignore`, which nothing comes after. */
  get sources(): readonly IgnoreSource[] {
    if (this.#own === undefined) return this.#sources;
    return [...this.#sources, { kind: 'eliot', directory: '', text: this.#patterns }];
  }

  /** The same, to which others may be added. */
  copy(): IgnoreRules {
    return new IgnoreRules(this.#sources, this.#patterns);
  }

  add(source: IgnoreSource): void {
    this.#sources.push(source);
    const { kind, directory, text } = source;
    if (text.trim() === '') return;
    if (kind === 'docker') {
      this.#docker ??= ignore();
      addDockerPatterns(this.#docker, text);
    } else if (kind === 'eliot') {
      this.#eliot ??= ignore();
      this.#eliot.add(text);
    } else this.#git.set(directory, (this.#git.get(directory) ?? ignore()).add(text));
  }

  /** Whether a path is left out, because of itself or of a directory above it. */
  ignores(path: string, isDirectory: boolean): boolean {
    return (
      ancestorsOf(path).some((ancestor) => this.ignoresInside(ancestor, true)) || this.ignoresInside(path, isDirectory)
    );
  }

  /** The same for a path whose directory is not left out: for who walks down a tree. */
  ignoresInside(path: string, isDirectory: boolean): boolean {
    if (isOwnName(nameOf(path))) return true;
    const asked = isDirectory ? `${path}/` : path;
    for (const wish of [this.#own?.test(asked), this.#eliot?.test(asked)]) {
      if (wish?.ignored) return true;
      if (wish?.unignored) return false;
    }
    if (isGitName(nameOf(path))) return true;
    return this.#docker?.ignores(asked) || this.#gitIgnores(path, asked);
  }

  /** The rules of the nearest directory that has something to say win. */
  #gitIgnores(path: string, asked: string): boolean {
    if (this.#git.size === 0) return false;
    for (const directory of ['', ...ancestorsOf(path)].reverse()) {
      const rules = this.#git.get(directory);
      if (rules === undefined) continue;
      const { ignored, unignored } = rules.test(directory === '' ? asked : asked.slice(directory.length + 1));
      if (ignored) return true;
      if (unignored) return false;
    }
    return false;
  }
}

/**
 * Docker's patterns begin at the root, where git's without a slash are for every directory; and they may take one file out
 * of a directory that is left out, for which git's language has to open each directory above it.
 */
function addDockerPatterns(rules: Ignore, text: string): void {
  for (const line of text.split(/\r?\n/)) {
    const trimmed = line.trim();
    if (trimmed === '' || trimmed.startsWith('#')) continue;
    const isException = trimmed.startsWith('!');
    const pattern = (isException ? trimmed.slice(1).trim() : trimmed).replace(/^(\.?\/)+/, '').replace(/\/+$/, '');
    if (pattern === '' || pattern === '.') continue;
    if (!isException) {
      rules.add(`/${pattern}`);
      continue;
    }
    let opened = '';
    for (const part of pattern.split('/').slice(0, -1)) {
      opened = joinPath(opened, part);
      if (/[*?[]/.test(opened) || !rules.ignores(`${opened}/`)) continue;
      rules.add([`!/${opened}/`, `/${opened}/*`]);
    }
    rules.add(`!/${pattern}`);
  }
}
