import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { KubeObject } from '../../api/meta.ts';
import { computeUnready } from './compute-readiness.ts';

const object = (kind: string, spec: object, status: object): KubeObject => ({
  apiVersion: 'v1',
  kind,
  metadata: { name: 'web', namespace: 'default', generation: 2 },
  spec,
  status,
});
const ready = { type: 'Ready', status: 'True' };

describe('an object of a bundle', () => {
  for (const { what, given, why } of [
    { what: 'a ConfigMap', given: object('ConfigMap', {}, {}) },
    { what: 'a pod that is ready', given: object('Pod', {}, { phase: 'Running', conditions: [ready] }) },
    { what: 'a pod that has done its work', given: object('Pod', {}, { phase: 'Succeeded' }) },
    { what: 'a pod without a status', given: object('Pod', {}, {}), why: 'is Pending' },
    {
      what: 'a pod whose container crashes',
      given: object(
        'Pod',
        {},
        {
          phase: 'Running',
          containerStatuses: [{ name: 'main', state: { waiting: { reason: 'CrashLoopBackOff' } } }],
        },
      ),
      why: 'container main waits: CrashLoopBackOff',
    },
    {
      what: 'a Deployment that is done',
      given: object(
        'Deployment',
        { replicas: 2 },
        {
          observedGeneration: 2,
          replicas: 2,
          updatedReplicas: 2,
          availableReplicas: 2,
        },
      ),
    },
    {
      what: 'a Deployment that nobody has looked at',
      given: object('Deployment', { replicas: 0 }, { observedGeneration: 1 }),
      why: 'has not been looked at yet',
    },
    {
      what: 'a Deployment that still has old pods',
      given: object(
        'Deployment',
        { replicas: 1 },
        {
          observedGeneration: 2,
          replicas: 2,
          updatedReplicas: 1,
          availableReplicas: 2,
        },
      ),
      why: '1 old pods are still there',
    },
    {
      what: 'a Deployment that went back by itself',
      given: object(
        'Deployment',
        { replicas: 1 },
        {
          observedGeneration: 2,
          conditions: [{ type: 'eliot.run/RolledBack', status: 'True', message: 'crashed' }],
        },
      ),
      why: 'went back to its former template: crashed',
    },
    {
      what: 'a ReplicaSet',
      given: object('ReplicaSet', { replicas: 3 }, { readyReplicas: 1 }),
      why: '1 of 3 pods are ready',
    },
  ]) {
    it(`${what} is ${why === undefined ? 'ready' : 'not ready'}`, () => {
      const expected = why === undefined ? [] : [`${given.kind} default/web: ${why}`];
      assert.deepEqual(computeUnready([given]), expected);
    });
  }
});
