/** Finds the resource that a word means: plural, singular, short name or kind, with `.group` or `.version.group`. */
import type { RestClient } from '../../client/rest-client.ts';
import { UsageError } from '../usage-error.ts';
import { builtinResources } from './builtin-resources.ts';
import { discoverResources } from './discovery.ts';
import { apiVersionOf, type ResourceKind } from './resource-kind.ts';

export class ResourceFinder {
  readonly #rest: RestClient;
  readonly #signal: AbortSignal;
  #discovered: Promise<readonly ResourceKind[]> | undefined;

  constructor(rest: RestClient, signal: AbortSignal) {
    this.#rest = rest;
    this.#signal = signal;
  }

  /**
   * The resource that `word` means, for example `po`, `Pod`, `deployments.apps`.
   *
   * @throws UsageError in kubectl's words when the device has none, with the nearest name there is
   */
  async find(word: string): Promise<ResourceKind> {
    const known = match(word, builtinResources) ?? match(word, await this.all());
    if (known !== undefined) return known;
    const nearest = nearestName(word, await this.all());
    throw new UsageError(
      `the server doesn't have a resource type "${word}"`,
      nearest === undefined ? `this device has: ${await this.#names()}` : `did you mean "${nearest}"?`,
    );
  }

  /** Resources that have the category `word` (`all`); empty when it is none. */
  async findCategory(word: string): Promise<readonly ResourceKind[]> {
    // A known word is no category, and needs no look at the device.
    if (match(word, builtinResources) !== undefined) return [];
    return (await this.all()).filter((kind) => kind.categories.includes(word));
  }

  /**
   * The resource of an object in a manifest.
   *
   * @throws UsageError in kubectl's words when the device does not serve it
   */
  async findKind(apiVersion: string, kind: string): Promise<ResourceKind> {
    const isIt = (candidate: ResourceKind): boolean =>
      candidate.kind === kind && apiVersionOf(candidate) === apiVersion;
    const known = builtinResources.find(isIt) ?? (await this.all()).find(isIt);
    if (known !== undefined) return known;
    const others = (await this.all()).filter((candidate) => candidate.kind === kind).map(apiVersionOf);
    throw new UsageError(
      `no matches for kind "${kind}" in version "${apiVersion}"`,
      others.length > 0 ? `this device serves ${kind} in ${others.join(', ')}` : 'this device does not serve that kind',
    );
  }

  async #names(): Promise<string> {
    const listed = (await this.all()).filter((kind) => kind.verbs.includes('list')).map((kind) => kind.resource);
    return [...new Set(listed)].sort().join(', ');
  }

  /** Everything that the device serves; asked for once. */
  all(): Promise<readonly ResourceKind[]> {
    this.#discovered ??= discoverResources(this.#rest, this.#signal);
    return this.#discovered;
  }
}

function match(word: string, kinds: readonly ResourceKind[]): ResourceKind | undefined {
  const [name = '', ...rest] = word.toLowerCase().split('.');
  const suffix = rest.join('.');
  const candidates = kinds.filter((kind) => suffixes(kind).includes(suffix));
  return (
    candidates.find((kind) => kind.resource === name || kind.singular === name) ??
    candidates.find((kind) => kind.kind.toLowerCase() === name) ??
    candidates.find((kind) => kind.shortNames.includes(name))
  );
}

/** What may stand after a name: nothing, the group, the version and the group; of the core group the version. */
function suffixes({ group, version }: ResourceKind): readonly string[] {
  return group === '' ? ['', version, `${version}.`] : ['', group, `${version}.${group}`];
}

/** The name that is at most two letters away. */
function nearestName(word: string, kinds: readonly ResourceKind[]): string | undefined {
  const ranked = kinds
    .map((kind) => ({ name: kind.resource, distance: editDistance(word.toLowerCase(), kind.resource) }))
    .sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  return best !== undefined && best.distance <= 2 ? best.name : undefined;
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [row, letter] of [...a].entries()) {
    const current = [row + 1];
    for (const [column, other] of [...b].entries()) {
      const change = (previous[column] ?? 0) + (letter === other ? 0 : 1);
      current.push(Math.min(change, (previous[column + 1] ?? 0) + 1, (current[column] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}
