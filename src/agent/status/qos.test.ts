import assert from 'node:assert/strict';
import { it } from 'node:test';
import { makePod } from '../../testing/pods.ts';
import { qosClass } from './qos.ts';

const both = { cpu: '500m', memory: '64Mi' };

for (const { resources, init, expected } of [
  { resources: {}, expected: 'BestEffort' },
  { resources: { limits: { cpu: '0', memory: '0' } }, expected: 'BestEffort' },
  { resources: { requests: both, limits: both }, expected: 'Guaranteed' },
  { resources: { limits: both }, expected: 'Guaranteed' },
  { resources: { requests: { cpu: '100m' } }, expected: 'Burstable' },
  { resources: { limits: { memory: '64Mi' } }, expected: 'Burstable' },
  { resources: { limits: both, requests: { cpu: '100m' } }, expected: 'Burstable' },
  { resources: { limits: both }, init: {}, expected: 'Burstable' },
] as const) {
  it(`is ${expected} for ${JSON.stringify(resources)}${init ? ' beside an init container that asks for nothing' : ''}`, () => {
    const initContainers = init ? [{ name: 'init', image: 'a', resources: init }] : [];
    assert.equal(
      qosClass(makePod({ spec: { initContainers, containers: [{ name: 'web', image: 'a', resources }] } })),
      expected,
    );
  });
}
