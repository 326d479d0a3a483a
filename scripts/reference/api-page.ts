/** `docs/reference/api.md`: the kinds that a device serves, from the descriptions that serve them. */
import { foreignSubresources } from '../../src/api/foreign-subresources.ts';
import { allVerbs, type KindDescription, type Storage, type Subresource } from '../../src/api/schema/kind.ts';
import { apiVersionOf, kinds } from '../../src/api/scheme.ts';
import { code, generatedNote, table } from './markdown.ts';

const storageWords: Readonly<Record<Storage, string>> = {
  intent: 'disk',
  split: 'disk; `status` until the next boot',
  observation: 'until the next boot',
  none: 'not kept',
};

/** The page as Markdown. */
export function apiPage(): string {
  return `${generatedNote}

# The API of a device

A device serves these kinds at the paths where Kubernetes serves them. Request bodies are JSON, YAML or
protobuf; answers are JSON. Patches are JSON patch, merge patch, strategic merge patch and server-side apply.

"Kept" says what a power cut leaves: _disk_ survives it, the rest is in memory (docs/adr/0002).

${table(
  ['kind', 'apiVersion', 'resource', 'short', 'namespaced', 'verbs', 'kept'],
  kinds.map((kind) => [
    kind.kind,
    code(apiVersionOf(kind)),
    code(kind.resource),
    kind.shortNames.map(code).join(', '),
    kind.namespaced ? 'yes' : 'no',
    verbsOf(kind),
    storageWords[kind.storage],
  ]),
)}

"all" verbs are ${allVerbs.join(', ')}.

## Sub-resources

${table(
  ['path', 'verbs', 'kind'],
  [
    ...kinds.flatMap(({ resource, subresources }) => subresources.map((sub) => subresourceRow(resource, sub))),
    ...foreignSubresources.map(({ resource, group, subresource }) =>
      subresourceRow(`${resource}.${group}`, subresource),
    ),
  ],
)}

## Field selectors

Every kind can be selected by \`metadata.name\`, and by \`metadata.namespace\` when it has one. Further:

${table(
  ['kind', 'fields'],
  kinds
    .filter((kind) => Object.keys(kind.selectableFields).length > 0)
    .map((kind) => [kind.kind, Object.keys(kind.selectableFields).map(code).join(', ')]),
)}
`;
}

function subresourceRow(resource: string, { name, verbs, kind }: Subresource): string[] {
  return [code(`${resource}/${name}`), [...verbs].sort().join(', '), kind];
}

function verbsOf(kind: KindDescription): string {
  return kind.verbs.length === allVerbs.length ? 'all' : [...kind.verbs].sort().join(', ');
}
