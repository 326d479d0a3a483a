import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makePod } from '../../../../testing/pods.ts';
import { validatePodCreate } from './ephemeral-containers.ts';
import { validatePodUpdate } from './pod-update.ts';

const podWith = (...names: readonly string[]) =>
  makePod({ spec: { containers: [{ name: 'web', image: 'a' }], ephemeralContainers: names.map(container) } });
const container = (name: string): object => ({ name, image: 'busybox' });

function errors(next: ReturnType<typeof podWith>, previous: ReturnType<typeof podWith>): readonly string[] {
  return validatePodUpdate(next, previous, 'ephemeralcontainers').map(({ field, message }) => `${field}: ${message}`);
}

describe('the ephemeral containers of a pod', () => {
  it('come to a pod that exists', () => {
    assert.deepEqual(validatePodCreate(podWith()), []);
    const [error] = validatePodCreate(podWith('a'));
    assert.equal(error?.message, 'Forbidden: cannot be set on create');
  });

  it('are only added, in any order', () => {
    assert.deepEqual(errors(podWith('b', 'a'), podWith('a')), []);
    assert.deepEqual(errors(podWith('b'), podWith('a')), [
      'spec.ephemeralContainers: Forbidden: existing ephemeral containers "a" may not be removed\n',
    ]);
  });

  it('stay as they are', () => {
    const changed = podWith('a');
    const [first] = changed.spec.ephemeralContainers ?? [];
    assert.ok(first);
    const next = { ...changed, spec: { ...changed.spec, ephemeralContainers: [{ ...first, image: 'other' }] } };
    assert.deepEqual(errors(next, podWith('a')), [
      'spec.ephemeralContainers: Forbidden: existing ephemeral containers "a" may not be changed\n',
    ]);
  });
});
