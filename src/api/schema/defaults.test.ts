import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { arbitraryObject } from '../../testing/arbitrary-object.ts';
import { podFields } from '../kinds/pod/fields/pod.ts';
import { applyDefaults } from './defaults.ts';
import { bool, defaulted, inline, int32, list, map, message, object, string } from './field.ts';

const inner = message('test.Inner', { mode: defaulted(int32(1), 420), name: string(2) });
const source = message('test.Source', {
  emptyDir: object(1, inner),
  kind: defaulted(string(2), (parent) => (parent['emptyDir'] === undefined ? 'none' : 'empty')),
});
const sample = message('test.Sample', {
  image: string(1),
  policy: defaulted(string(2), ({ image }) => (String(image).endsWith(':latest') ? 'Always' : 'IfNotPresent')),
  resources: defaulted(object(3, inner), () => ({})),
  inners: list(4, inner),
  byName: map(5, inner),
  absent: object(6, inner),
  maybe: defaulted(bool(7), () => undefined),
  derived: defaulted(string(8), ({ policy }) => `after ${policy}`),
  source: inline(9, source),
});
const all = { policy: 'IfNotPresent', resources: { mode: 420 }, derived: 'after IfNotPresent', kind: 'none' };
const defaults = (value: Record<string, unknown>): unknown => applyDefaults(sample, value);

describe('applyDefaults', () => {
  it('sets what is absent, also inside of what it sets', () => assert.deepEqual(defaults({}), all));

  it('leaves what is there, zero or not', () => {
    const given = { policy: '', resources: { mode: 0 }, derived: 'x', kind: 'mine' };
    assert.deepEqual(defaults(given), given);
  });

  it('takes null for absent', () => assert.deepEqual(defaults({ policy: null }), all));

  it('lets a default look at its siblings, those set before it included', () => {
    assert.deepEqual(defaults({ image: 'web:latest' }), {
      ...all,
      image: 'web:latest',
      policy: 'Always',
      derived: 'after Always',
    });
  });

  it('goes into lists, maps and inline messages', () => {
    assert.deepEqual(defaults({ inners: [{}, { mode: 1 }], byName: { a: { name: 'x' } }, emptyDir: {} }), {
      ...all,
      kind: 'empty',
      emptyDir: { mode: 420 },
      inners: [{ mode: 420 }, { mode: 1 }],
      byName: { a: { name: 'x', mode: 420 } },
    });
  });

  it('does not make optional objects', () => assert.ok(!Object.hasOwn(defaults({}) as object, 'absent')));

  it('keeps what it does not know', () => {
    assert.deepEqual(applyDefaults(inner, { apiVersion: 'v1', mode: 1 }), { apiVersion: 'v1', mode: 1 });
  });

  it('passes by values of a wrong JSON type', () => {
    assert.deepEqual(defaults({ inners: 'x', byName: [], resources: 1, emptyDir: 'y' }), {
      ...all,
      kind: 'empty',
      inners: 'x',
      byName: [],
      resources: 1,
      emptyDir: 'y',
    });
  });

  it('keeps the key __proto__ of a map as a key', () => {
    const { byName } = defaults(JSON.parse('{"byName":{"__proto__":{}}}')) as { byName: object };
    assert.deepEqual(Object.entries(byName), [['__proto__', { mode: 420 }]]);
  });

  it('makes a new default each time', () => {
    const [first, second] = [defaults({}), defaults({})] as Record<string, unknown>[];
    assert.notEqual(first?.['resources'], second?.['resources']);
  });

  it('shares what it does not change, and gives the very same object when nothing is missing', () => {
    const inners = [{ mode: 1 }];
    assert.equal((defaults({ inners }) as { inners: unknown }).inners, inners);
    const complete = defaults({ inners, byName: { a: { mode: 2 } } }) as Record<string, unknown>;
    assert.equal(defaults(complete), complete);
  });

  it('changes no input and nothing the second time, for any pod', () => {
    fc.assert(
      fc.property(arbitraryObject(podFields), (value) => {
        const before = JSON.stringify(value);
        const once = applyDefaults(podFields, value);
        assert.equal(JSON.stringify(value), before);
        assert.equal(applyDefaults(podFields, once), once);
      }),
      { numRuns: 200 },
    );
  });
});
