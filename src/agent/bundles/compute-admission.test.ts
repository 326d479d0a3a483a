import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { BundleSpec } from '../../api/kinds/bundle.ts';
import { type BundleOrigin, computeAdmission, computeNextSpec, computeReturn } from './compute-admission.ts';

const digestOf = (letter: string): string => `sha256:${letter.repeat(64)}`;
const gigabyte = 1024 ** 3;

const offer = {
  name: 'shop',
  version: '2.0.0',
  digest: digestOf('b'),
  progressDeadlineSeconds: 600,
  signature: { state: 'Trusted', keyId: 'k', keyName: 'factory' } as const,
  trustedKeys: 1,
  images: ['r/web@sha256:b'],
  neededBytes: 1000,
  freeBytes: gigabyte,
};
const unsigned = { state: 'Unsigned' } as const;
const unknown = { state: 'Unknown', keyId: 'x' } as const;
const current: BundleSpec = { version: '1.0.0', digest: digestOf('a'), proven: true, images: ['r/web@sha256:a'] };
const first = { version: '1.0.0', digest: digestOf('a'), images: ['r/web@sha256:a'] };
const api: BundleOrigin = { way: 'API', who: 'ann', force: false };
const stick: BundleOrigin = { way: 'Directory', who: '/media/shop.eliot', force: false };

describe('a bundle that is offered', () => {
  for (const { what, from = api, change = {}, now = current, refused, obstacle = 'File' } of [
    { what: 'for the first time', now: undefined },
    { what: 'that is newer' },
    { what: 'on a stick, signed', from: stick },
    { what: 'on a stick, not signed', from: stick, change: { signature: unsigned }, refused: /is not signed/ },
    {
      what: 'on a stick, by a stranger',
      from: stick,
      change: { signature: unknown },
      refused: /does not trust/,
      obstacle: 'Keys',
    },
    {
      what: 'on a stick, by a stranger, where nobody is trusted',
      from: stick,
      change: { signature: unknown, trustedKeys: 0 },
      refused: /does not trust/,
      obstacle: 'Keys',
    },
    { what: 'by a person, not signed', change: { signature: unsigned } },
    {
      what: 'by a person, signed by a stranger',
      change: { signature: unknown },
      refused: /key x, which this device/,
      obstacle: 'Keys',
    },
    { what: 'by a person, where nobody is trusted', change: { signature: unknown, trustedKeys: 0 } },
    { what: 'that is older', change: { version: '0.9' }, refused: /is older than 1\.0\.0/ },
    { what: 'that is older, and wanted all the same', from: { ...api, force: true }, change: { version: '0.9' } },
    { what: 'of the same version with other content, by a person', change: { version: '1.0.0' } },
    {
      what: 'of the same version with other content, on a stick',
      from: stick,
      change: { version: '1.0.0' },
      refused: /is another one than the 1\.0\.0/,
    },
    {
      what: 'that failed before',
      now: { ...current, failed: [{ version: '2.0.0', digest: digestOf('b'), message: 'web crashed' }] },
      refused: /failed on this device before and was taken back: web crashed/,
    },
    {
      what: 'that failed before, and is wanted all the same',
      from: { ...api, force: true },
      now: { ...current, failed: [{ version: '2.0.0', digest: digestOf('b') }] },
    },
    {
      what: 'that is too large',
      change: { neededBytes: gigabyte },
      refused: /needs [\d.]+GB of the device's disk, of which [\d.]+GB are free/,
      obstacle: 'Device',
    },
  ]) {
    it(`${what} is ${refused ? 'refused' : 'taken'}`, () => {
      const admission = computeAdmission(now, { ...offer, ...change }, from, true);
      if (refused === undefined) assert.deepEqual(admission, { outcome: 'Take' });
      else {
        assert.match(admission.outcome === 'Refuse' ? admission.message : admission.outcome, refused);
        assert.equal(admission.outcome === 'Refuse' && admission.obstacle, obstacle);
      }
    });
  }

  it('that the device runs already changes nothing', () => {
    const same = { ...offer, version: '1.0.0', digest: digestOf('a') };
    assert.deepEqual(computeAdmission(current, same, stick, true), { outcome: 'Unchanged' });
  });

  it('that the device should run is taken again when it has lost something of it', () => {
    const same = { ...offer, version: '1.0.0', digest: digestOf('a') };
    for (const from of [api, stick])
      assert.deepEqual(computeAdmission(current, same, from, false), { outcome: 'Take' });
  });
});

describe('what is wanted then', () => {
  it('is the new version, with the proven one to come back to', () => {
    assert.deepEqual(computeNextSpec(current, offer, stick), {
      version: '2.0.0',
      digest: digestOf('b'),
      progressDeadlineSeconds: 600,
      signedBy: 'factory',
      from: '/media/shop.eliot',
      proven: false,
      images: ['r/web@sha256:b'],
      previous: first,
    });
  });

  it('comes back to the last proven one, not to one that never was', () => {
    const second = { ...computeNextSpec(current, offer, api) };
    const third = computeNextSpec(second, { ...offer, version: '3', digest: digestOf('c') }, api);
    assert.deepEqual(third.previous, first);
  });

  it('is the version before when the new one fails, which is remembered', () => {
    const back = computeReturn(computeNextSpec(current, offer, api), 'web crashed');
    assert.equal(back?.digest, digestOf('a'));
    assert.equal(back?.proven, true);
    assert.equal(back?.previous, undefined);
    assert.deepEqual(back?.images, first.images);
    assert.deepEqual(back?.failed, [{ version: '2.0.0', digest: digestOf('b'), message: 'web crashed' }]);
  });

  it('stays as it is when there was none before', () => {
    assert.equal(computeReturn(computeNextSpec(undefined, offer, api), 'web crashed'), undefined);
  });
});
