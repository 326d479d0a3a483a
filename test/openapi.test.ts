import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { describedTypes, shortName } from '../scripts/openapi/describe.ts';
import { fieldDescriptions, scalarDescriptions } from '../scripts/openapi/descriptions/common.ts';
import { kindDescriptions } from '../scripts/openapi/descriptions/kinds.ts';
import { openApiDocument } from '../scripts/openapi/document.ts';
import { packDocuments, writeDocuments } from '../scripts/openapi/pack.ts';
import {
  bytes,
  inline,
  int32,
  listMap,
  map,
  message,
  object,
  quantity,
  required,
  scalars,
  set,
  string,
  time,
} from '../src/api/schema/field.ts';
import { allVerbs } from '../src/api/schema/kind.ts';
import { kinds } from '../src/api/scheme.ts';
import { PackedDocuments } from '../src/host/packed-documents.ts';

type Json = { readonly [key: string]: Json } & { readonly length?: number };

const selector = message('io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelector', { matchLabels: map(1, scalars.string) });
const item = message('test.v1.Item', {
  name: required(string(1, { doc: 'Its name.' })),
  amount: quantity(2),
  at: time(3),
});
const thing = message('test.v1.Thing', {
  items: listMap(1, item, ['name'], { patchStrategy: 'retainKeys', doc: 'All of them.' }),
  finalizers: set(2, scalars.string),
  nodeSelector: map(3, scalars.string, { atomic: true }),
  colour: string(4, { oneOf: ['A', 'B'] }),
  selector: object(5, selector, { doc: 'Which.' }),
  source: inline(6, message('test.v1.Source', { data: bytes(1), count: int32(2) })),
});
const kind = {
  group: 'test.io',
  version: 'v1',
  kind: 'Thing',
  resource: 'things',
  namespaced: true,
  verbs: allVerbs,
  subresources: [
    { name: 'exec', verbs: ['create', 'get'], kind: 'PodExecOptions' },
    { name: 'status', verbs: ['get'], kind: 'Thing' },
  ],
  fields: thing,
};
const other = {
  ...kind,
  kind: 'Other',
  resource: 'others',
  namespaced: false,
  subresources: [],
  fields: message('test.v1.Other', { item: object(1, item) }),
};
const review = {
  ...kind,
  kind: 'Review',
  resource: 'reviews',
  verbs: ['create'] as const,
  subresources: [],
  fields: message('test.v1.Review', {}),
};

const document = openApiDocument([kind, other, review]) as unknown as Json;
const schema = (name: string): Json => document['components']?.['schemas']?.[name] as Json;
const property = (name: string): Json => schema('test.v1.Thing')['properties']?.[name] as Json;

describe('openApiDocument', () => {
  it('lets kubectl see that patch of a kind takes dryRun and fieldValidation', () => {
    const patch = document['paths']?.['/apis/test.io/v1/namespaces/{namespace}/things/{name}']?.['patch'];
    assert.deepEqual(patch?.['x-kubernetes-group-version-kind'], { group: 'test.io', kind: 'Thing', version: 'v1' });
    const parameters = (patch?.['parameters'] ?? []) as readonly { readonly name: string; readonly in: string }[];
    const names = parameters.map((parameter) => `${parameter.in} ${parameter.name}`);
    assert.ok(names.includes('query dryRun') && names.includes('query fieldValidation'));
  });

  it('has the paths of cluster-scoped kinds without a namespace, and none for verbs that are not served', () => {
    assert.deepEqual(Object.keys(document['paths'] as object), [
      '/apis/test.io/v1/namespaces/{namespace}/reviews',
      '/apis/test.io/v1/namespaces/{namespace}/things',
      '/apis/test.io/v1/namespaces/{namespace}/things/{name}',
      '/apis/test.io/v1/namespaces/{namespace}/things/{name}/exec',
      '/apis/test.io/v1/others',
      '/apis/test.io/v1/others/{name}',
    ]);
  });

  it('puts the core group under /api', () => {
    const core = openApiDocument([{ ...kind, group: '' }]);
    assert.ok(Object.hasOwn(core.paths, '/api/v1/namespaces/{namespace}/things/{name}'));
  });

  it('marks the schema of a kind with its group, version and kind', () => {
    assert.deepEqual(schema('test.v1.Thing')['x-kubernetes-group-version-kind'], [
      { group: 'test.io', kind: 'Thing', version: 'v1' },
    ]);
    assert.deepEqual(Object.keys(schema('test.v1.Thing')['properties'] as object), [
      'apiVersion',
      'colour',
      'count',
      'data',
      'finalizers',
      'items',
      'kind',
      'nodeSelector',
      'selector',
    ]);
  });

  it('describes how lists are merged', () => {
    assert.deepEqual(property('items'), {
      description: 'All of them.',
      type: 'array',
      items: { $ref: '#/components/schemas/test.v1.Item' },
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
      'x-kubernetes-patch-merge-key': 'name',
      'x-kubernetes-patch-strategy': 'merge,retainKeys',
    });
    assert.equal(property('finalizers')['x-kubernetes-list-type'], 'set');
    assert.equal(property('nodeSelector')['x-kubernetes-map-type'], 'atomic');
    assert.equal(schema(selector.name)['x-kubernetes-map-type'], 'atomic');
  });

  it('describes scalars', () => {
    assert.deepEqual(property('colour'), { type: 'string', enum: ['A', 'B'] });
    assert.deepEqual(property('data'), { type: 'string', format: 'byte' });
    assert.deepEqual(property('count'), { type: 'integer', format: 'int32' });
    assert.deepEqual(property('selector'), {
      description: 'Which.',
      allOf: [{ $ref: `#/components/schemas/${selector.name}` }],
    });
    assert.deepEqual(schema('test.v1.Item'), {
      type: 'object',
      properties: {
        amount: { $ref: '#/components/schemas/io.k8s.apimachinery.pkg.api.resource.Quantity' },
        at: { $ref: '#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.Time' },
        name: { description: 'Its name.', type: 'string' },
      },
      required: ['name'],
    });
  });

  it('is the same for the same kinds in any order', () => {
    assert.equal(JSON.stringify(openApiDocument([review, other, kind])), JSON.stringify(document));
  });

  it('has a schema for every reference, for all kinds that are served', () => {
    for (const groupVersion of new Set(kinds.map(({ group, version }) => `${group}/${version}`))) {
      const served = kinds.filter(({ group, version }) => `${group}/${version}` === groupVersion);
      const { components, ...rest } = openApiDocument(served);
      const references = JSON.stringify({ components, rest }).matchAll(/"#\/components\/schemas\/([^"]+)"/g);
      for (const [, name = ''] of references) assert.ok(Object.hasOwn(components.schemas, name), name);
      for (const { fields } of served) assert.ok(Object.hasOwn(components.schemas, fields.name));
    }
  });
});

/** Properties by type, of all documents. */
function servedProperties(): ReadonlyMap<string, Readonly<Record<string, { readonly description?: string }>>> {
  const types = new Map();
  for (const { gzip } of packDocuments()) {
    const { schemas } = (JSON.parse(gunzipSync(gzip).toString()) as ReturnType<typeof openApiDocument>).components;
    for (const [name, schema] of Object.entries(schemas)) {
      types.set(name, (schema as { readonly properties?: object }).properties ?? {});
    }
  }
  return types;
}

describe('the descriptions', () => {
  const types = servedProperties();

  it('say of nearly every field what it is', () => {
    const fields = [...types].flatMap(([type, properties]) =>
      Object.entries(properties).map(([field, { description }]) => ({ name: `${type}.${field}`, description })),
    );
    const silent = fields.filter(({ description }) => description === undefined).map(({ name }) => name);
    // A few may be on their way; whoever adds a field adds its sentence, here or in its table.
    assert.ok(silent.length <= fields.length / 20, silent.join('\n'));
  });

  it('say of every kind what it is', () => {
    const ofKinds = packDocuments().flatMap(({ gzip }) => {
      const { schemas } = (JSON.parse(gunzipSync(gzip).toString()) as ReturnType<typeof openApiDocument>).components;
      return Object.entries(schemas as Record<string, Record<string, unknown>>).filter(
        ([, schema]) => schema['x-kubernetes-group-version-kind'] !== undefined,
      );
    });
    const silent = ofKinds.filter(([, { description }]) => description === undefined).map(([name]) => name);
    assert.deepEqual(silent, [], 'scripts/openapi/descriptions/kinds.ts does not know them');
  });

  it('are of types that are served', () => {
    const served = new Set([...types.keys()].map(shortName));
    for (const type of [...Object.keys(describedTypes), ...Object.keys(kindDescriptions)]) {
      assert.ok(served.has(type), `no type ${type} is served`);
    }
    for (const type of Object.keys(scalarDescriptions)) assert.ok(types.has(type), `no type ${type} is served`);
  });

  it('are of fields that there are', () => {
    const known = new Map([...types].map(([name, properties]) => [shortName(name), properties]));
    const names = new Set([...types.values()].flatMap((properties) => Object.keys(properties)));
    for (const field of Object.keys(fieldDescriptions)) assert.ok(names.has(field), `no type has a field ${field}`);
    for (const [type, fields] of Object.entries(describedTypes)) {
      for (const field of Object.keys(fields)) {
        assert.ok(Object.hasOwn(known.get(type) ?? {}, field), `${type} has no field ${field}`);
      }
    }
  });
});

describe('the documents that are shipped', () => {
  it('are what the tables say, in files that a device streams', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'eliot-openapi-'));
    try {
      await writeDocuments(directory);
      const shipped = new PackedDocuments(directory);
      const index = await shipped.index();
      assert.deepEqual(Object.keys(index).slice(0, 2), ['api/v1', 'apis/apps/v1']);
      for (const { path, hash, gzip } of packDocuments()) {
        assert.deepEqual(index[path], { hash, bytes: gzip.length });
        assert.deepEqual(await buffer(await shipped.open(path)), gzip);
      }
      await assert.rejects(shipped.open('api/v9'), { code: 'ENOENT' });
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
});
