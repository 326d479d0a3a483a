/**
 * The OpenAPI v3 document of one group and version, derived from the field tables.
 *
 * kubectl reads two things in it: that `patch` of a kind takes `dryRun` and `fieldValidation`
 * (before every create, apply and edit), and for `kubectl explain` the schemas and which path has which kind. The document
 * is the same, byte for byte, for the same kinds in any order.
 */
import type { KindDescription } from '../../src/api/schema/kind.ts';
import { schemasOf } from './schemas.ts';

type DescribedKind = Pick<
  KindDescription,
  'group' | 'version' | 'kind' | 'resource' | 'namespaced' | 'verbs' | 'fields'
>;

export interface OpenApiDocument {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: Readonly<Record<string, unknown>>;
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> };
}

/** @param kinds all of one group and version */
export function openApiDocument(kinds: readonly DescribedKind[]): OpenApiDocument {
  const sorted = [...kinds].sort((a, b) => (a.resource < b.resource ? -1 : 1));
  const paths = sorted.flatMap((kind) => Object.entries(pathsOf(kind)));
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: 'v1.35.0' },
    paths: Object.fromEntries(paths.sort(([a], [b]) => (a < b ? -1 : 1))),
    components: { schemas: schemasOf(sorted) },
  };
}

function pathsOf(kind: DescribedKind): Record<string, unknown> {
  const base = kind.group === '' ? `/api/${kind.version}` : `/apis/${kind.group}/${kind.version}`;
  const collection = kind.namespaced ? `${base}/namespaces/{namespace}/${kind.resource}` : `${base}/${kind.resource}`;
  const item = `${collection}/{name}`;
  const ofCollection = {
    // How `kubectl explain` finds the kind of a resource.
    ...(kind.verbs.includes('list') ? { get: { ...typeOf(kind, 'list'), responses: {} } } : {}),
    ...(kind.verbs.includes('create') ? { post: operation(kind, 'post', ['fieldManager']) } : {}),
  };
  const ofItem = kind.verbs.includes('patch') ? { patch: operation(kind, 'patch', ['fieldManager', 'force']) } : {};
  return {
    ...(Object.keys(ofCollection).length > 0 ? { [collection]: ofCollection } : {}),
    ...(Object.keys(ofItem).length > 0 ? { [item]: ofItem } : {}),
  };
}

function typeOf({ group, kind, version }: DescribedKind, action: string): object {
  return {
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': { group, kind, version },
  };
}

function operation(kind: DescribedKind, action: 'patch' | 'post', others: readonly string[]): unknown {
  const parameters = ['dryRun', ...others, 'fieldValidation'].map((name) => ({
    name,
    in: 'query',
    schema: { type: name === 'force' ? 'boolean' : 'string', uniqueItems: true },
  }));
  return {
    parameters,
    responses: {
      200: {
        description: 'OK',
        content: { 'application/json': { schema: { $ref: `#/components/schemas/${kind.fields.name}` } } },
      },
    },
    ...typeOf(kind, action),
  };
}
