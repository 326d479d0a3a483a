import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isStatusError } from '../../lib/status-error.ts';
import { arbitraryObject } from '../../testing/arbitrary-object.ts';
import { podFields } from '../kinds/pod/fields/pod.ts';
import { decodeJson } from './decode-json.ts';
import { inline, int32, list, listMap, map, message, object, raw, scalars, set, string } from './field.ts';
import { strategicMerge } from './strategic-merge.ts';

const port = message('test.Port', { containerPort: int32(1), name: string(2) });
const env = message('test.Env', { name: string(1), value: string(2) });
const container = message('test.Container', {
  name: string(1),
  image: string(2),
  args: list(3, scalars.string),
  env: listMap(4, env, ['name']),
  ports: listMap(5, port, ['containerPort']),
});
const source = message('test.Source', { emptyDir: object(1, port), hostPath: object(2, env), secret: object(3, env) });
const volume = message('test.Volume', { name: string(1), source: inline(2, source) });
const sample = message('test.Sample', {
  containers: listMap(1, container, ['name']),
  volumes: listMap(2, volume, ['name'], { patchStrategy: 'retainKeys' }),
  finalizers: set(3, scalars.string),
  labels: map(4, scalars.string),
  atomic: list(5, env),
  text: string(6),
  nested: object(7, env),
  anything: raw(8),
  whole: object(9, env, { patchStrategy: 'replace' }),
});

const merge = (original: unknown, patch: unknown): unknown => strategicMerge(sample, original, patch);
const names = (...all: string[]): { name: string }[] => all.map((name) => ({ name }));

describe('strategicMerge', () => {
  for (const { what, original, patch, gives } of [
    { what: 'sets a field', original: { text: 'a' }, patch: { text: 'b' }, gives: { text: 'b' } },
    {
      what: 'deletes by null',
      original: { text: 'a', nested: { name: 'x' } },
      patch: { text: null },
      gives: { nested: { name: 'x' } },
    },
    {
      what: 'deletes what is not there',
      original: {},
      patch: { text: null, nested: { name: null } },
      gives: { nested: {} },
    },
    {
      what: 'merges objects',
      original: { nested: { name: 'x' } },
      patch: { nested: { value: 'y' } },
      gives: { nested: { name: 'x', value: 'y' } },
    },
    {
      what: 'replaces a message that is to be replaced whole',
      original: { whole: { name: 'x', value: 'z' } },
      patch: { whole: { value: 'y' } },
      gives: { whole: { value: 'y' } },
    },
    {
      what: 'merges maps',
      original: { labels: { a: '1', b: '2' } },
      patch: { labels: { a: null, c: '3' } },
      gives: { labels: { b: '2', c: '3' } },
    },
    {
      what: 'replaces atomic lists',
      original: { atomic: [{ name: 'a' }] },
      patch: { atomic: [{ name: 'b' }] },
      gives: { atomic: [{ name: 'b' }] },
    },
    {
      what: 'replaces raw values whole',
      original: { anything: { a: 1 } },
      patch: { anything: { $patch: 'x', b: null } },
      gives: { anything: { $patch: 'x', b: null } },
    },
    {
      what: 'replaces a value by one of another type',
      original: { text: { a: 1 }, nested: [] },
      patch: { text: 'x', nested: { name: 'y' } },
      gives: { text: 'x', nested: { name: 'y' } },
    },
    {
      what: 'keeps unknown fields for the decoder to name',
      original: { text: 'a' },
      patch: { foo: { bar: [1] } },
      gives: { text: 'a', foo: { bar: [1] } },
    },
  ]) {
    it(what, () => assert.deepEqual(merge(original, patch), gives));
  }

  describe('in lists with a merge key', () => {
    const two = {
      containers: [
        { name: 'a', image: '1', args: ['x'] },
        { name: 'b', image: '2' },
      ],
    };

    for (const { what, original, patch, gives } of [
      {
        what: 'merges the element with the same key',
        original: two,
        patch: { containers: [{ name: 'b', image: '3' }] },
        gives: {
          containers: [
            { name: 'a', image: '1', args: ['x'] },
            { name: 'b', image: '3' },
          ],
        },
      },
      {
        what: 'puts new elements before those that only the server knows, as Kubernetes does',
        original: two,
        patch: { containers: [{ name: 'c' }] },
        gives: { containers: [{ name: 'c' }, ...two.containers] },
      },
      {
        what: 'merges lists inside of elements',
        original: { containers: [{ name: 'a', env: [{ name: 'X', value: '1' }, { name: 'Y' }] }] },
        patch: { containers: [{ name: 'a', env: [{ name: 'X', value: '2' }] }] },
        gives: { containers: [{ name: 'a', env: [{ name: 'X', value: '2' }, { name: 'Y' }] }] },
      },
      {
        what: 'finds elements by a number',
        original: { containers: [{ name: 'a', ports: [{ containerPort: 80, name: 'x' }] }] },
        patch: { containers: [{ name: 'a', ports: [{ containerPort: 80, name: 'y' }, { containerPort: 443 }] }] },
        gives: { containers: [{ name: 'a', ports: [{ containerPort: 80, name: 'y' }, { containerPort: 443 }] }] },
      },
      {
        what: 'deletes an element by directive',
        original: two,
        patch: { containers: [{ name: 'a', $patch: 'delete' }] },
        gives: { containers: [{ name: 'b', image: '2' }] },
      },
      {
        what: 'deletes and adds at once',
        original: two,
        patch: {
          containers: [
            { name: 'a', $patch: 'delete' },
            { name: 'c', $patch: 'merge' },
          ],
        },
        gives: { containers: [{ name: 'c' }, { name: 'b', image: '2' }] },
      },
      {
        what: 'replaces the whole list by directive',
        original: two,
        patch: { containers: [{ name: 'c', image: null }, { $patch: 'replace' }] },
        gives: { containers: [{ name: 'c' }] },
      },
      {
        what: 'empties the list by a lone replace',
        original: two,
        patch: { containers: [{ $patch: 'replace' }] },
        gives: { containers: [] },
      },
      {
        what: 'drops directives and nulls where there is no list yet',
        original: {},
        patch: {
          containers: [
            { name: 'a', $patch: 'delete' },
            { name: 'b', image: null, $patch: 'merge' },
          ],
        },
        gives: { containers: [{ name: 'b' }] },
      },
      {
        what: 'merges one key that comes twice in the patch',
        original: {},
        patch: { nested: {}, containers: [{ name: 'a' }, { name: 'a', image: '1' }] },
        gives: { nested: {}, containers: [{ name: 'a' }, { name: 'a', image: '1' }] },
      },
      { what: 'leaves the list alone for an empty patch', original: two, patch: { containers: [] }, gives: two },
      { what: 'deletes the list by null', original: two, patch: { containers: null }, gives: {} },
    ]) {
      it(what, () => assert.deepEqual(merge(original, patch), gives));
    }

    it('refuses an element without the key, naming it', () => {
      assert.throws(
        () => merge(two, { containers: [{ image: '3' }] }),
        (error) =>
          isStatusError(error, 'Invalid') &&
          error.message.endsWith('map: {"image":"3"} does not contain declared merge key: name'),
      );
      assert.throws(() => merge(two, { containers: [{ $patch: 'delete' }] }), /merge key: name$/);
    });

    it('refuses an element that is no object', () => {
      assert.throws(
        () => merge(two, { containers: ['a'] }),
        (error) => isStatusError(error, 'BadRequest'),
      );
    });
  });

  describe('with $setElementOrder', () => {
    const abc = { containers: names('a', 'b', 'c') };

    for (const { what, original, patch, gives } of [
      { what: 'reorders', patch: { '$setElementOrder/containers': names('c', 'a', 'b') }, gives: names('c', 'a', 'b') },
      {
        what: 'puts a new element where it belongs',
        patch: { '$setElementOrder/containers': names('a', 'x', 'b', 'c'), containers: names('x') },
        gives: names('a', 'x', 'b', 'c'),
      },
      {
        what: 'keeps what it does not name before its old neighbours',
        patch: { '$setElementOrder/containers': names('c', 'a') },
        gives: names('b', 'c', 'a'),
      },
      {
        what: 'agrees with a deletion',
        patch: { '$setElementOrder/containers': names('c', 'b'), containers: [{ name: 'a', $patch: 'delete' }] },
        gives: names('c', 'b'),
      },
      {
        what: 'may name what is nowhere',
        patch: { '$setElementOrder/containers': names('z', 'b', 'a', 'c') },
        gives: names('b', 'a', 'c'),
      },
      {
        what: 'orders a new list',
        original: {},
        patch: { '$setElementOrder/containers': names('a', 'b'), containers: names('a', 'b') },
        gives: names('a', 'b'),
      },
      {
        what: 'does nothing without the list',
        original: { containers: undefined },
        patch: { '$setElementOrder/containers': names('a') },
        gives: undefined,
      },
    ]) {
      it(what, () => {
        const { containers } = merge(original ?? abc, patch) as { containers?: unknown };
        assert.deepEqual(containers, gives);
      });
    }

    it('orders lists of scalars', () => {
      assert.deepEqual(
        merge({ finalizers: ['a', 'b'] }, { '$setElementOrder/finalizers': ['c', 'b', 'a'], finalizers: ['c'] }),
        {
          finalizers: ['c', 'b', 'a'],
        },
      );
    });

    it('refuses a list that stands in another order', () => {
      const patch = { '$setElementOrder/containers': names('a', 'b'), containers: names('b', 'a') };
      assert.throws(() => merge(abc, patch), /order in patch list containers doesn't match \$setElementOrder/);
    });

    it('refuses an order that is no list, or names no key', () => {
      assert.throws(
        () => merge(abc, { '$setElementOrder/containers': {} }),
        (error) => isStatusError(error, 'BadRequest'),
      );
      assert.throws(() => merge(abc, { '$setElementOrder/containers': [{}] }), /merge key: name$/);
    });
  });

  describe('in lists of scalars that are sets', () => {
    for (const { what, patch, gives } of [
      { what: 'adds what is missing, in front', patch: { finalizers: ['c'] }, gives: ['c', 'a', 'b'] },
      { what: 'adds nothing twice', patch: { finalizers: ['b', 'b'] }, gives: ['a', 'b'] },
      { what: 'deletes by directive', patch: { '$deleteFromPrimitiveList/finalizers': ['a', 'z'] }, gives: ['b'] },
      {
        what: 'deletes and adds',
        patch: {
          '$deleteFromPrimitiveList/finalizers': ['a'],
          finalizers: ['c'],
          '$setElementOrder/finalizers': ['b', 'c'],
        },
        gives: ['b', 'c'],
      },
    ]) {
      it(what, () => assert.deepEqual(merge({ finalizers: ['a', 'b'] }, patch), { finalizers: gives }));
    }

    it('makes no list by deleting from one', () => {
      assert.deepEqual(merge({}, { '$deleteFromPrimitiveList/finalizers': ['a'] }), {});
    });
  });

  describe('with $patch and $retainKeys', () => {
    it('replaces an object', () => {
      assert.deepEqual(merge({ nested: { name: 'a' } }, { nested: { $patch: 'replace', value: 'b' } }), {
        nested: { value: 'b' },
      });
    });

    it('empties an object by delete, and makes none', () => {
      assert.deepEqual(merge({ nested: { name: 'a' } }, { nested: { $patch: 'delete' } }), { nested: {} });
      assert.deepEqual(merge({}, { nested: { $patch: 'delete' } }), {});
    });

    it('replaces the whole document', () => {
      assert.deepEqual(merge({ text: 'a' }, { $patch: 'replace', labels: { a: '1', b: null } }), {
        labels: { a: '1' },
      });
    });

    it('keeps only the keys that are retained: a volume changes its source', () => {
      const original = { volumes: [{ name: 'v', emptyDir: {} }] };
      const patch = { volumes: [{ $retainKeys: ['name', 'hostPath'], name: 'v', hostPath: { name: '/x' } }] };
      assert.deepEqual(merge(original, patch), { volumes: [{ name: 'v', hostPath: { name: '/x' } }] });
    });

    it('accepts nulls beside $retainKeys', () => {
      const patch = { nested: { $retainKeys: ['name'], value: null, name: 'b' } };
      assert.deepEqual(merge({ nested: { name: 'a', value: 'x' } }, patch), { nested: { name: 'b' } });
    });

    for (const patch of [
      'text',
      null,
      [],
      { $patch: 'explode' },
      { nested: { $patch: 1 } },
      { $retainKeys: 'name' },
      { $retainKeys: ['text'], nested: {} },
      { '$deleteFromPrimitiveList/finalizers': 'a' },
    ]) {
      it(`refuses ${JSON.stringify(patch)}`, () => {
        assert.throws(
          () => merge({ text: 'a' }, patch),
          (error) => isStatusError(error, 'BadRequest'),
        );
      });
    }
  });

  it('reaches no prototype', () => {
    const merged = merge({}, JSON.parse('{"__proto__":{"polluted":1},"labels":{"__proto__":"x"}}')) as object;
    assert.equal(Reflect.get({}, 'polluted'), undefined);
    assert.deepEqual(Object.keys(merged), ['__proto__', 'labels']);
  });

  describe('for any pod', () => {
    const pods = arbitraryObject(podFields).map((value) => decodeJson(podFields, value, 'Pod').value);
    const check = (property: (pod: object, other: object) => void): void =>
      fc.assert(fc.property(pods, pods, property), { numRuns: 150 });

    it('an empty patch changes nothing', () => {
      check((pod) => assert.deepEqual(strategicMerge(podFields, pod, {}), pod));
    });

    it('a pod merged into nothing is itself', () => {
      check((pod) => assert.deepEqual(strategicMerge(podFields, {}, pod), pod));
    });

    it('a pod merged with itself is itself', () => {
      check((pod) => assert.deepEqual(strategicMerge(podFields, pod, pod), pod));
    });

    it('a patch applied twice is a patch applied once', () => {
      check((pod, patch) => {
        const once = strategicMerge(podFields, pod, patch);
        assert.deepEqual(strategicMerge(podFields, once, patch), once);
      });
    });

    it('neither original nor patch changes', () => {
      check((pod, patch) => {
        const before = JSON.stringify([pod, patch]);
        strategicMerge(podFields, pod, patch);
        assert.equal(JSON.stringify([pod, patch]), before);
      });
    });

    it('a replacing patch gives the patch', () => {
      check((pod, patch) => {
        assert.deepEqual(
          strategicMerge(podFields, pod, { ...patch, $patch: 'replace' }),
          strategicMerge(podFields, {}, patch),
        );
      });
    });
  });
});
