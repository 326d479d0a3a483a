import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as client from '@kubernetes/client-node';
import * as bodies from './kinds/options.ts';
import { scaleFields } from './kinds/scale.ts';
import type { MessageType, Type } from './schema/field.ts';
import { jsonFieldsOf } from './schema/json-fields.ts';
import { apiVersionOf, findKind, findKindByName, kinds } from './scheme.ts';

describe('a kind is found', () => {
  test('by its place in URLs', () => {
    assert.equal(findKind('', 'v1', 'pods')?.kind, 'Pod');
    assert.equal(findKind('coordination.k8s.io', 'v1', 'leases')?.kind, 'Lease');
    assert.equal(findKind('apps', 'v1', 'deployments')?.kind, 'Deployment');
    assert.equal(findKind('apps', 'v1', 'statefulsets'), undefined);
  });

  test('by what an object says of itself', () => {
    assert.equal(findKindByName('v1', 'Pod')?.resource, 'pods');
    assert.equal(findKindByName('authorization.k8s.io/v1', 'SelfSubjectAccessReview')?.verbs[0], 'create');
    assert.equal(findKindByName('v2', 'Pod'), undefined);
  });
});

test('resources and short names are unique', () => {
  const places = kinds.map((kind) => `${apiVersionOf(kind)}/${kind.resource}`);
  assert.equal(new Set(places).size, places.length);
  // Two forms of one kind share theirs: kubectl takes that of the core group.
  const names = kinds.filter((kind) => kind.storedAs === undefined).flatMap((kind) => kind.shortNames);
  assert.deepEqual(names.toSorted(), [
    'cm',
    'deploy',
    'ev',
    'img',
    'limits',
    'no',
    'ns',
    'pc',
    'pdb',
    'po',
    'quota',
    'rc',
    'rs',
    'sa',
    'svc',
  ]);
});

/** Every message that can arrive or be answered, once. Two of one name would be one schema of OpenAPI. */
function allMessages(): MessageType[] {
  const found = new Map<string, MessageType>();
  const visit = (type: Type): void => {
    if (type.kind === 'list') visit(type.item);
    if (type.kind === 'map') visit(type.value);
    if (type.kind !== 'message') return;
    const known = found.get(type.name);
    if (known !== undefined) {
      assert.deepEqual(Object.keys(type.fields), Object.keys(known.fields), `two messages are named ${type.name}`);
      return;
    }
    found.set(type.name, type);
    for (const field of Object.values(type.fields)) visit(field.type);
  };
  for (const type of [
    ...kinds.map((kind) => kind.fields),
    bodies.deleteOptions,
    bodies.eviction,
    bodies.status,
    scaleFields,
  ])
    visit(type);
  return [...found.values()];
}

test('no protobuf number stands twice in a message', () => {
  for (const { name, fields } of allMessages()) {
    const numbers = Object.values(fields).map((field) => field.number);
    assert.equal(new Set(numbers).size, numbers.length, name);
  }
});

/** The official client's class for a message, with its JSON names; not every message has one. */
function clientFieldsOf({ name }: MessageType): readonly string[] | undefined {
  const short = name.split('.').at(-1) ?? '';
  const models = client as unknown as Readonly<Record<string, unknown>>;
  const group = name.startsWith('io.k8s.api.events.') ? 'Events' : 'Core';
  const model = models[`V1${short}`] ?? models[`${group}V1${short}`];
  const getMap = (model as { getAttributeTypeMap?: () => { baseName: string }[] } | undefined)?.getAttributeTypeMap;
  return getMap?.call(model).map(({ baseName }) => baseName);
}

/** Fields of Kubernetes 1.36, which the client knows already. */
const newer = [
  'PodSpec.schedulingGroup',
  'PodStatus.nodeAllocatableResourceClaimStatuses',
  'VolumeMountStatus.volumeStatus',
  'ResourceHealth.message',
  'ListMeta.shardInfo',
];

test('every field that the official client knows is in the tables', () => {
  const messages = allMessages().filter((message) => clientFieldsOf(message) !== undefined);
  const missing = messages.flatMap((message) => {
    const ours = new Set([...jsonFieldsOf(message)].map(([field]) => field));
    const short = message.name.split('.').at(-1) ?? '';
    return (clientFieldsOf(message) ?? [])
      .filter((field) => !ours.has(field) && field !== 'apiVersion' && field !== 'kind')
      .map((field) => `${short}.${field}`)
      .filter((field) => !newer.includes(field));
  });
  assert.deepEqual(missing, []);
  assert.ok(messages.length > 120, `only ${messages.length} messages were compared`);
});
