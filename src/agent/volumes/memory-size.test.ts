import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makePod } from '../../testing/pods.ts';
import { memorySizeOf } from './memory-size.ts';

const mib = 2 ** 20;
const sizeOf = (sizeLimit: string | undefined, memory: string | undefined): number => {
  const resources = memory === undefined ? {} : { limits: { memory } };
  const volume = { name: 'v', emptyDir: { medium: 'Memory', ...(sizeLimit === undefined ? {} : { sizeLimit }) } };
  const pod = makePod({ spec: { containers: [{ name: 'web', image: 'a', resources }], volumes: [volume] } });
  return memorySizeOf(pod, pod.spec.volumes?.[0] ?? { name: 'v' }, 512 * mib) / mib;
};

describe('a volume in memory', () => {
  for (const { sizeLimit, memory, expected } of [
    { sizeLimit: undefined, memory: undefined, expected: 512 },
    { sizeLimit: '8Mi', memory: undefined, expected: 8 },
    { sizeLimit: '8Mi', memory: '4Mi', expected: 4 },
    { sizeLimit: undefined, memory: '16Mi', expected: 16 },
    { sizeLimit: '4Gi', memory: '4Gi', expected: 512 },
    { sizeLimit: '0', memory: undefined, expected: 512 },
  ]) {
    it(`with the limit ${sizeLimit} in a pod with ${memory} takes ${expected} MiB at most`, () => {
      assert.equal(sizeOf(sizeLimit, memory), expected);
    });
  }
});
