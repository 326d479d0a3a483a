import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makePod } from '../../../testing/pods.ts';
import { isPipeTarget, pipesOf, validatePipes, validatePipesUpdate } from './pipes.ts';
import type { Pod } from './types.ts';

const podWith = (pipes: Readonly<Record<string, string>>, change: object = {}): Pod => {
  const annotations = Object.fromEntries(
    Object.entries(pipes).map(([source, target]) => [`eliot.run/pipe.${source}`, target]),
  );
  const containers = ['a', 'b', 'c'].map((name) => ({ name, image: 'i' }));
  const initContainers = [
    { name: 'side', image: 'i', restartPolicy: 'Always' },
    { name: 'first', image: 'i' },
  ];
  const pod = makePod({ spec: { containers, initContainers, ...change } });
  return { ...pod, metadata: { ...pod.metadata, annotations: { 'example.com/other': 'x', ...annotations } } };
};

const errors = (pod: Pod): readonly string[] =>
  validatePipes(pod, '').map(({ field, message }) => `${field}: ${message}`);

describe('the pipes of a pod', () => {
  it('are read from its annotations', () => {
    assert.deepEqual(pipesOf(podWith({ b: 'c', a: 'b' })), [
      { source: 'a', target: 'b' },
      { source: 'b', target: 'c' },
    ]);
    assert.deepEqual([isPipeTarget(podWith({ a: 'b' }), 'b'), isPipeTarget(podWith({ a: 'b' }), 'a')], [true, false]);
    assert.deepEqual(pipesOf(makePod({})), []);
  });

  it('may lead on, and from and to sidecars', () => {
    assert.deepEqual(errors(podWith({ a: 'b', b: 'side', side: 'c' })), []);
  });

  const at = (source: string): string => `metadata.annotations[eliot.run/pipe.${source}]`;
  const terminal = { containers: ['a', 'b'].map((name) => ({ name, image: 'i', tty: true })) };
  for (const [what, pod, expected] of [
    ['from no container', podWith({ z: 'a' }), [`${at('z')}: Not found: "z"`]],
    ['to no container', podWith({ a: 'z' }), [`${at('a')}: Not found: "z"`]],
    [
      'to an init container, which ends before the others begin',
      podWith({ a: 'first' }),
      [`${at('a')}: Not found: "first"`],
    ],
    ['to itself', podWith({ a: 'a' }), [`${at('a')}: Invalid value: "a": a container cannot read its own output`]],
    ['to what has a source already', podWith({ a: 'c', b: 'c' }), [`${at('b')}: Duplicate value: "c"`]],
    [
      'in a ring',
      podWith({ a: 'b', b: 'c', c: 'a' }),
      (['a', 'b', 'c'] as const).map(
        (source, index) =>
          `${at(source)}: Invalid value: "${['b', 'c', 'a'][index]}": must not lead back to the container itself`,
      ),
    ],
    [
      'to a terminal',
      podWith({ a: 'b' }, terminal),
      [`${at('a')}: Invalid value: "b": must be a container without \`tty\``],
    ],
  ] as const) {
    it(`do not lead ${what}`, () => {
      assert.deepEqual(errors(pod), expected);
      assert.ok(pipesOf(pod).length < Object.keys(pod.metadata.annotations ?? {}).length - 1, 'and are not acted upon');
    });
  }

  it('do not lead into a container that waits for somebody to attach', () => {
    const pod = podWith({ a: 'b' });
    const annotations = { ...pod.metadata.annotations, 'eliot.run/hold-until-attached': 'b' };
    assert.deepEqual(errors({ ...pod, metadata: { ...pod.metadata, annotations } }), [
      `${at('a')}: Invalid value: "b": must not be the container of eliot.run/hold-until-attached`,
    ]);
  });

  it('from before there were rules let the pod be changed otherwise', () => {
    const old = podWith({ a: 'a' });
    const relabelled = { ...old, metadata: { ...old.metadata, labels: { x: 'y' } } };
    assert.deepEqual(validatePipesUpdate(relabelled, old), []);
    assert.equal(validatePipesUpdate(podWith({ a: 'z' }), old).length, 1);
  });
});
