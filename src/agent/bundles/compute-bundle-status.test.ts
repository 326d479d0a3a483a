import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { BundleStatus } from '../../api/kinds/bundle.ts';
import { type BundleFinding, computeBundleStatus } from './compute-bundle-status.ts';

const now = '2026-01-02T03:04:05Z';
const finding: BundleFinding = {
  state: 'Ready',
  message: '',
  applied: { version: '2.0.0', digest: `sha256:${'2'.repeat(64)}` },
  generation: 7,
};

/** `Applied=True (Applied)`, by type. */
const conditionsOf = ({ conditions = [] }: BundleStatus): readonly string[] =>
  conditions.map(({ type, status, reason, message }) => `${type}=${status} (${reason}) ${message}`.trimEnd());

describe('what a bundle says of itself', () => {
  it('names the version that is applied, and keeps the one before until then', () => {
    const { appliedVersion, appliedDigest } = computeBundleStatus({} as BundleStatus, finding, now);
    assert.deepEqual([appliedVersion, appliedDigest], ['2.0.0', finding.applied?.digest]);
    const before = { appliedVersion: '1.0.0', appliedDigest: 'sha256:1' } as BundleStatus;
    const coming = computeBundleStatus(before, { ...finding, state: 'Progressing', applied: undefined }, now);
    assert.deepEqual([coming.appliedVersion, coming.appliedDigest], ['1.0.0', 'sha256:1']);
  });

  for (const [name, change, expected] of [
    ['ready', {}, ['Applied=True (Applied)', 'Ready=True (Ready)', 'RolledBack=False (Ready)']],
    [
      'on its way',
      { state: 'Progressing', message: 'Pod default/web: is Pending', applied: undefined },
      [
        'Applied=False (Progressing) Pod default/web: is Pending',
        'Ready=False (Progressing) Pod default/web: is Pending',
        'RolledBack=False (Progressing)',
      ],
    ],
    [
      'taken back, and so ready with the version before',
      { state: 'RolledBack', message: 'version 2.0.0 failed' },
      [
        'Applied=True (Applied)',
        'Ready=True (RolledBack) version 2.0.0 failed',
        'RolledBack=True (RolledBack) version 2.0.0 failed',
      ],
    ],
  ] as const) {
    it(`has conditions for one that is ${name}`, () => {
      const status = computeBundleStatus({} as BundleStatus, { ...finding, ...change }, now);
      assert.deepEqual(conditionsOf(status), expected);
      assert.ok(status.conditions?.every((condition) => condition.observedGeneration === 7));
    });
  }

  it('keeps the time of a condition that stays as it was', () => {
    const before = computeBundleStatus({} as BundleStatus, finding, '2025-01-01T00:00:00Z');
    const after = computeBundleStatus(before, { ...finding, state: 'NotReady', message: 'it fails' }, now);
    assert.deepEqual(
      after.conditions?.map(({ lastTransitionTime }) => lastTransitionTime),
      ['2025-01-01T00:00:00Z', now, '2025-01-01T00:00:00Z'],
    );
  });
});
