import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { isStatusError } from '../../lib/status-error.ts';
import { MemoryStore } from '../../store/memory-store.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import {
  configMap,
  configMapKind,
  namespaceKind,
  openRegistry,
  pod,
  podKind,
  type RegistryFixture,
  writeContext,
} from '../../testing/registry.ts';
import { Registry } from '../registry.ts';
import { encodeContinue } from './continue-token.ts';
import type { ListRequest } from './list.ts';

const namesOf = (list: { readonly items: readonly { readonly metadata: { readonly name?: string } }[] }) =>
  list.items.map(({ metadata }) => metadata.name);

describe('a list', () => {
  let fixture: RegistryFixture;

  beforeEach(async () => {
    fixture = await openRegistry();
    await fixture.registry.create(namespaceKind, undefined, { metadata: { name: 'other' } }, writeContext());
    for (const [namespace, name, app] of [
      ['default', 'a', 'web'],
      ['default', 'b', 'db'],
      ['default', 'c', 'web'],
      ['other', 'a', 'web'],
    ] as const) {
      await fixture.registry.create(configMapKind, namespace, configMap(name, {}, { labels: { app } }), writeContext());
    }
  });

  const list = (request: ListRequest) => fixture.registry.list(configMapKind, request);

  it('holds what is there, in one namespace or in all, with the revision it was read at', async () => {
    const all = await list({});
    assert.deepEqual(namesOf(all), ['a', 'b', 'c', 'a']);
    assert.equal(all.kind, 'ConfigMapList');
    assert.equal(all.metadata.resourceVersion, String(fixture.store.revision()));
    assert.deepEqual(namesOf(await list({ namespace: 'default' })), ['a', 'b', 'c']);
    assert.deepEqual(namesOf(await list({ namespace: 'def' })), []);
  });

  for (const { request, names } of [
    { request: { labelSelector: 'app=web' }, names: ['a', 'c', 'a'] },
    { request: { labelSelector: 'app!=web' }, names: ['b'] },
    { request: { fieldSelector: 'metadata.name=a' }, names: ['a', 'a'] },
    { request: { fieldSelector: 'metadata.name!=a' }, names: ['b', 'c'] },
    { request: { fieldSelector: 'metadata.namespace=other' }, names: ['a'] },
    { request: { namespace: 'default', fieldSelector: 'metadata.name=a', labelSelector: 'app=web' }, names: ['a'] },
    { request: { namespace: 'default', fieldSelector: 'metadata.name=a,metadata.name!=a' }, names: [] },
  ]) {
    it(`selects by ${JSON.stringify(request)}`, async () => {
      assert.deepEqual(namesOf(await list(request)), names);
    });
  }

  it('does not take a name for the beginning of another', async () => {
    await fixture.registry.create(configMapKind, 'default', configMap('ab'), writeContext());
    assert.deepEqual(namesOf(await list({ namespace: 'default', fieldSelector: 'metadata.name=a' })), ['a']);
  });

  it('comes in pages that add up to the whole and keep its revision', async () => {
    const first = await list({ limit: 3 });
    assert.deepEqual(namesOf(first), ['a', 'b', 'c']);
    assert.equal(first.metadata.remainingItemCount, 1);
    await fixture.registry.create(configMapKind, 'other', configMap('z'), writeContext());
    const second = await list({ limit: 3, continue: first.metadata.continue ?? '' });
    assert.deepEqual(namesOf(second), ['a']);
    assert.equal(second.metadata.continue, undefined);
    assert.equal(second.metadata.resourceVersion, first.metadata.resourceVersion);
  });

  it('shows on every page what was there when its first page was read', async () => {
    const before = await list({});
    const first = await list({ limit: 1 });
    const labels = { metadata: { labels: { app: 'changed' } } };
    const { registry } = fixture;
    const [a, b, c] = ['a', 'b', 'c'].map((name) => ({ namespace: 'default', name }));
    assert.ok(a && b && c);
    await registry.patch(configMapKind, c, { type: 'merge', body: labels }, writeContext());
    await registry.delete(configMapKind, a);
    await registry.delete(configMapKind, b);
    await registry.create(configMapKind, 'default', configMap('bb'), writeContext());
    const items = [...first.items];
    let next = first.metadata.continue;
    for (let remaining = 2; next !== undefined; remaining -= 1) {
      const page = await list({ limit: 1, continue: next });
      assert.equal(page.metadata.remainingItemCount ?? 0, remaining);
      items.push(...page.items);
      next = page.metadata.continue;
    }
    assert.deepEqual(items, before.items);
    const web = await list({ labelSelector: 'app=web', continue: first.metadata.continue ?? '' });
    assert.deepEqual(namesOf(web), ['c', 'a'], 'a selector sees the labels of then');
  });

  it('ends a page early rather than go on with what came later, when its history is gone meanwhile', async () => {
    const store = new MemoryStore({ history: { maxChanges: 2, maxBytes: 1_000_000 } });
    const registry = new Registry({ store, clock: new FakeClock(), nodeName: 'device' });
    await registry.create(namespaceKind, undefined, { metadata: { name: 'default' } }, writeContext());
    const create = (name: string) => registry.create(configMapKind, 'default', configMap(name), writeContext());
    for (let index = 0; index < 250; index += 1) await create(`n${String(index).padStart(4, '0')}`);
    for (const limit of [249, undefined]) {
      const reader = registry.readList(configMapKind, limit === undefined ? {} : { limit });
      const first = await reader.next();
      assert.equal((first.value as readonly unknown[]).length, 200);
      for (const name of ['x', 'y', 'z']) await create(`${name}${limit}`);
      await new Promise((resolve) => setImmediate(resolve));
      const second = await reader.next();
      if (limit === undefined) assert.equal((second.value as readonly unknown[]).length, 56, 'the whole list goes on');
      else {
        assert.ok(second.done && second.value.continue !== undefined);
        const token = second.value.continue;
        await assert.rejects(registry.list(configMapKind, { limit, continue: token }), (error) =>
          isStatusError(error, 'Expired'),
        );
      }
    }
  });

  it('fills a page with what matches, and does not count what nobody looked at', async () => {
    const first = await list({ limit: 2, labelSelector: 'app=web' });
    assert.deepEqual(namesOf(first), ['a', 'c']);
    assert.equal(first.metadata.remainingItemCount, undefined);
    const second = await list({ limit: 2, labelSelector: 'app=web', continue: first.metadata.continue ?? '' });
    assert.deepEqual(namesOf(second), ['a']);
  });

  it('is read in pages from the store however long it is', async () => {
    const names = Array.from({ length: 450 }, (_, index) => `n${String(index).padStart(4, '0')}`);
    for (const name of names) await fixture.registry.create(configMapKind, 'other', configMap(name), writeContext());
    assert.deepEqual(namesOf(await list({ namespace: 'other' })).slice(1), names);
  });

  it('cannot be continued consistently once its history is gone', async () => {
    const store = new MemoryStore({ history: { maxChanges: 2, maxBytes: 1_000_000 } });
    const registry = new Registry({ store, clock: new FakeClock(), nodeName: 'device' });
    await registry.create(namespaceKind, undefined, { metadata: { name: 'default' } }, writeContext());
    for (const name of ['a', 'b']) await registry.create(configMapKind, 'default', configMap(name), writeContext());
    const first = await registry.list(configMapKind, { limit: 1 });
    for (const name of ['c', 'd', 'e'])
      await registry.create(configMapKind, 'default', configMap(name), writeContext());
    // The store forgets after the turn in which it was written.
    await new Promise((resolve) => setImmediate(resolve));
    const exact = { resourceVersion: first.metadata.resourceVersion ?? '', resourceVersionMatch: 'Exact' };
    await assert.rejects(registry.list(configMapKind, exact), (error) => {
      assert.ok(isStatusError(error, 'Expired'));
      assert.match(error.message, /^The resourceVersion for the provided list is too old: \d+ \(\d+\)$/);
      return true;
    });
    let token = '';
    await assert.rejects(registry.list(configMapKind, { continue: first.metadata.continue ?? '' }), (error) => {
      assert.ok(isStatusError(error, 'Expired'));
      assert.match(error.message, /^The provided continue parameter is too old/);
      token = error.continue ?? '';
      return true;
    });
    // It goes on all the same by the token that came along: at today's revision, which it then keeps.
    const second = await registry.list(configMapKind, { continue: token, limit: 2 });
    assert.deepEqual(namesOf(second), ['b', 'c']);
    assert.equal(second.metadata.remainingItemCount, 2);
    assert.equal(second.metadata.resourceVersion, String(store.revision()));
    await registry.create(configMapKind, 'default', configMap('f'), writeContext());
    const third = await registry.list(configMapKind, { continue: second.metadata.continue ?? '', limit: 1 });
    assert.equal(third.metadata.resourceVersion, second.metadata.resourceVersion);
  });

  it('is always empty for a kind that is not stored', async () => {
    const kind = { ...podKind, storage: 'none' as const };
    await fixture.registry.create(podKind, 'default', pod('a'), writeContext());
    assert.deepEqual((await fixture.registry.list(kind)).items, []);
  });

  it('is of the very revision that is asked for, as long as its history is kept', async () => {
    const before = await list({});
    const resourceVersion = before.metadata.resourceVersion ?? '';
    await fixture.registry.delete(configMapKind, { namespace: 'other', name: 'a' });
    for (const request of [
      { resourceVersion, resourceVersionMatch: 'Exact' },
      // What a limit means beside a revision, in Kubernetes since before there was a word for it.
      { resourceVersion, limit: 10 },
    ]) {
      assert.deepEqual(await list(request), before, JSON.stringify(request));
    }
    assert.equal((await list({ resourceVersion, resourceVersionMatch: 'NotOlderThan' })).items.length, 3);
    assert.equal((await list({ resourceVersion, resourceVersionMatch: 'NotOlderThan', limit: 9 })).items.length, 3);
  });

  it('takes any revision that has been reached', async () => {
    const resourceVersion = String(fixture.store.revision());
    for (const request of [
      { resourceVersion: '0' },
      { resourceVersion: '1' },
      { resourceVersion: '1', resourceVersionMatch: 'NotOlderThan' },
      { resourceVersion, resourceVersionMatch: 'Exact' },
    ]) {
      assert.equal((await list(request)).items.length, 4, JSON.stringify(request));
    }
  });

  for (const { request, reason, message } of [
    {
      request: { resourceVersion: '99' },
      reason: 'Timeout',
      message: /^Too large resource version: 99, current: \d+$/,
    },
    {
      request: { resourceVersion: '0', resourceVersionMatch: 'Exact' },
      reason: 'Invalid',
      message: /resourceVersionMatch "exact" is forbidden for resourceVersion "0"/,
    },
    {
      request: { resourceVersionMatch: 'Exact' },
      reason: 'Invalid',
      message:
        'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided',
    },
    {
      request: { resourceVersion: 'abc' },
      reason: 'Invalid',
      message:
        'ListOptions.meta.k8s.io "" is invalid: resourceVersion: Invalid value: "abc": strconv.ParseUint: parsing "abc": invalid syntax',
    },
    {
      request: { resourceVersion: '1', resourceVersionMatch: 'Newest' },
      reason: 'Invalid',
      message:
        'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Unsupported value: "Newest": supported values: "Exact", "NotOlderThan", ""',
    },
    {
      request: { resourceVersion: '1', continue: encodeContinue({ revision: 1, after: 'default/a' }) },
      reason: 'Invalid',
      message:
        'ListOptions.meta.k8s.io "" is invalid: resourceVersion: Forbidden: specifying resource version is not allowed when using continue',
    },
    {
      request: { continue: 'garbage' },
      reason: 'BadRequest',
      message: 'continue key is not valid: incorrect encoding',
    },
    {
      request: { fieldSelector: 'spec.x=1' },
      reason: 'BadRequest',
      message: '"spec.x" is not a known field selector: only "metadata.name", "metadata.namespace"',
    },
  ] as const) {
    it(`refuses ${JSON.stringify(request).slice(0, 70)}`, async () => {
      await assert.rejects(list(request), (error) => {
        assert.ok(isStatusError(error, reason), String(error));
        if (typeof message === 'string') assert.equal(error.message, message);
        else assert.match(error.message, message);
        return true;
      });
    });
  }

  it('refuses tokens that were not made here', async () => {
    for (const token of [
      {},
      { v: 'eliot.run/v1' },
      { v: 'eliot.run/v1', rv: -2, start: 'a' },
      { v: 'eliot.run/v1', rv: 1 },
      null,
    ]) {
      const text = Buffer.from(JSON.stringify(token)).toString('base64url');
      await assert.rejects(list({ continue: text }), (error) => isStatusError(error, 'BadRequest'));
    }
  });
});
