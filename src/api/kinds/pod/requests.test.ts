import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makePod } from '../../../testing/pods.ts';
import { podLimits, podRequests } from './requests.ts';

const asking = (name: string, cpu: string, more: object = {}): object => ({
  name,
  image: 'i',
  resources: { requests: { cpu } },
  ...more,
});
const sidecar = { restartPolicy: 'Always' };

describe('what a pod asks for as a whole', () => {
  for (const { what, spec, milli } of [
    { what: 'the sum of its containers', spec: { containers: [asking('a', '100m'), asking('b', '1')] }, milli: 1100 },
    {
      what: 'the greediest init container when that is more',
      spec: { initContainers: [asking('i', '2')], containers: [asking('a', '100m')] },
      milli: 2000,
    },
    {
      what: 'its containers and the sidecars that go on running',
      spec: { initContainers: [asking('s', '300m', sidecar), asking('i', '200m')], containers: [asking('a', '400m')] },
      milli: 700,
    },
    {
      what: 'an init container beside the sidecars that were started before it, but not those after it',
      spec: {
        initContainers: [asking('s', '300m', sidecar), asking('i', '1'), asking('t', '500m', sidecar)],
        containers: [asking('a', '100m')],
      },
      milli: 1300,
    },
    {
      what: 'the overhead of its runtime class too',
      spec: { containers: [asking('a', '100m')], overhead: { cpu: '50m' } },
      milli: 150,
    },
    {
      what: 'what it asks for as a whole, instead of what its containers add up to',
      spec: { containers: [asking('a', '100m')], resources: { requests: { cpu: '1' } } },
      milli: 1000,
    },
  ]) {
    it(`is ${what}`, () => {
      assert.equal(podRequests(makePod({ spec })).get('cpu'), milli);
    });
  }

  it('counts a limit without a request as one, and devices in whole units', () => {
    const pod = makePod({
      spec: {
        containers: [{ name: 'a', image: 'i', resources: { limits: { memory: '1Mi', 'eliot.run/serial': '2' } } }],
      },
    });
    assert.equal(podRequests(pod).get('memory'), 1024 * 1024);
    assert.equal(podRequests(pod).get('eliot.run/serial'), 2);
    assert.equal(podLimits(pod).get('memory'), 1024 * 1024);
  });
});
