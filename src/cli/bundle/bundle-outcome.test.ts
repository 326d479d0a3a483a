import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { BundleSpec, BundleStatus } from '../../api/kinds/bundle.ts';
import { computeBundleOutcome } from './bundle-outcome.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const other = `sha256:${'b'.repeat(64)}`;

describe('a bundle that was applied', () => {
  for (const { what, spec = {}, status = {}, outcome } of [
    { what: 'is waited for', status: { state: 'Progressing' }, outcome: { state: 'Waiting', message: 'm' } },
    { what: 'is ready', status: { state: 'Ready' }, outcome: { state: 'Ready' } },
    {
      what: 'is waited for while it is the one before that is ready',
      status: { state: 'Ready', appliedDigest: other },
      outcome: { state: 'Waiting', message: 'm' },
    },
    {
      what: 'is ready as well when it is what the device came back to',
      spec: { proven: true, rolledBack: true },
      status: { state: 'RolledBack' },
      outcome: { state: 'Ready' },
    },
    {
      what: 'is given up when the device refuses what it ran before, for that has no deadline',
      spec: { proven: true },
      status: { state: 'Refused' },
      outcome: { state: 'Failed', message: ': m' },
    },
    {
      what: 'is waited for when it is refused before its deadline',
      status: { state: 'Refused' },
      outcome: { state: 'Waiting', message: 'm' },
    },
    {
      what: 'is given up when there is nothing to come back to',
      status: { state: 'NotReady' },
      outcome: { state: 'Failed', message: ': m' },
    },
    {
      what: 'was taken back',
      spec: { digest: other, version: '1', failed: [{ version: '2', digest, message: 'crashed' }] },
      outcome: { state: 'Failed', message: ' was taken back, 1 runs again: crashed' },
    },
    {
      what: 'was replaced by somebody else',
      spec: { digest: other, version: '3' },
      outcome: { state: 'Replaced', version: '3' },
    },
  ] satisfies readonly {
    what: string;
    spec?: Partial<BundleSpec>;
    status?: Partial<BundleStatus>;
    outcome: ReturnType<typeof computeBundleOutcome>;
  }[]) {
    it(what, () => {
      const bundle = {
        spec: { version: '2', digest, proven: false, ...spec },
        status: { message: 'm', appliedDigest: digest, ...status },
      };
      assert.deepEqual(computeBundleOutcome(bundle, digest), outcome);
    });
  }
});
