import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { KubeObject } from '../../api/meta.ts';
import { parseWaitConditions } from './wait-condition.ts';

const pod: KubeObject = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', generation: 2 },
  status: {
    phase: 'Running',
    replicas: 3,
    conditions: [
      { type: 'Ready', status: 'True', observedGeneration: 2 },
      { type: 'Stale', status: 'True', observedGeneration: 1 },
      { type: 'Off', status: 'False' },
    ],
  },
};

function isMet(text: string): boolean {
  const [condition] = parseWaitConditions([text]);
  assert.equal(condition?.kind, 'state');
  return condition.isMet(pod);
}

describe('a condition to wait for', () => {
  for (const [text, expected] of [
    ['condition=Ready', true],
    ['condition=ready=TRUE', true],
    ['condition=Ready=false', false],
    ['condition=Off=False', true],
    ['condition=Missing', false],
    ['condition=Stale', false],
    ["jsonpath={.status.phase}='Running'", true],
    ['jsonpath=.status.replicas=3', true],
    ['jsonpath=status.replicas=4', false],
    ['jsonpath={.status.phase}', true],
    ['jsonpath={.status.nothing}', false],
    ['jsonpath={.status.conditions[?(@.type=="Ready")].status}=True', true],
  ] as const) {
    it(`${text} is ${expected ? 'met' : 'not met'}`, () => assert.equal(isMet(text), expected));
  }

  for (const [text, complaint] of [
    ['x', 'unrecognized condition: "x"'],
    ['jsonpath=', 'jsonpath expression cannot be empty'],
    ['jsonpath={.a}=', 'jsonpath wait has to have a value after equal sign, like'],
    ['jsonpath={.a}=b=c', 'jsonpath wait format must be'],
    ['jsonpath={.status.conditions[*].type}=Ready', 'given jsonpath expression matches more than one value'],
    ['jsonpath={.status}=x', 'jsonpath leads to a nested object or list which is not supported'],
  ] as const) {
    it(`${text} is refused`, () => {
      assert.throws(
        () => isMet(text),
        (error: Error) => error.message.startsWith(complaint),
      );
    });
  }

  it('create and delete are words, in any case', () => {
    assert.deepEqual(parseWaitConditions(['Create', 'delete']), [{ kind: 'create' }, { kind: 'delete' }]);
  });
});
