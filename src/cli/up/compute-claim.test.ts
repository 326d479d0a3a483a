import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Pod } from '../../api/kinds/pod/types.ts';
import { makePod } from '../../testing/pods.ts';
import { type Claimant, computeClaim } from './compute-claim.ts';

const labels = { 'app.kubernetes.io/managed-by': 'eli-up' };
const kept = { 'eliot.run/owner': 'ada@laptop', 'eliot.run/owner-machine': 'a1.b1' };
const held = { ...kept, 'eliot.run/lease': 'x', 'eliot.run/owner-process': '7' };
const machine = { id: 'a1', boot: 'b1' };
const podOf = (metadata: object): Pod =>
  makePod({ metadata: { creationTimestamp: '2026-01-01T00:00:00Z', ...metadata } });
const ada: Claimant = { owner: 'ada@laptop', machine, takeOver: false, isRunning: () => false };
const adaAgain: Claimant = { ...ada, isRunning: (process) => process === 7 };
/** Another laptop whose people and whose name are alike. */
const adaElsewhere: Claimant = { ...ada, machine: { id: 'a2', boot: 'b2' } };
const bob: Claimant = { owner: 'bob@desk', machine, takeOver: false, isRunning: () => false };

describe('the name of a pod that is there', () => {
  for (const [what, metadata, claimant, words] of [
    [
      'is nobody else’s when their session was killed',
      { labels, annotations: held },
      ada,
      /^an earlier session of yours has left web/,
    ],
    ['is taken back when it was kept', { labels, annotations: kept }, ada, /^web was kept by an earlier session/],
    [
      'is taken back when it was kept before the machine was booted',
      { labels, annotations: kept },
      { ...ada, machine: { id: 'a1', boot: 'b2' } },
      /^web was kept by an earlier session/,
    ],
    [
      'is taken over by whoever insists',
      { labels, annotations: held },
      { ...bob, takeOver: true },
      /^web is taken over from ada@laptop$/,
    ],
    [
      'is taken over from another window by whoever insists',
      { labels, annotations: held },
      { ...adaAgain, takeOver: true },
      /^web is taken over/,
    ],
  ] as const) {
    it(what, () => {
      const claim = computeClaim(podOf(metadata), claimant);
      assert.equal(claim.kind, 'Replace');
      assert.match(claim.kind === 'Replace' ? claim.note : '', words);
    });
  }

  for (const [what, metadata, claimant, words] of [
    [
      'is theirs while they work',
      { labels, annotations: held },
      bob,
      /^ada@laptop works on web on this device, since 2026-01-01T00:00:00Z$/,
    ],
    [
      'is that of another window while it works',
      { labels, annotations: held },
      adaAgain,
      /since \S+ \(another eli up of yours\)$/,
    ],
    [
      'is theirs while they work on another machine, although all names are alike',
      { labels, annotations: held },
      adaElsewhere,
      /since \S+ \(on another machine, as far as can be told\)$/,
    ],
    [
      'is theirs when the machine was booted meanwhile, or copied: the device knows when their lease lapses',
      { labels, annotations: held },
      { ...ada, machine: { id: 'a1', boot: 'b2' } },
      /^ada@laptop works on web/,
    ],
    [
      'is theirs when nobody can tell which machine it is',
      { labels, annotations: { ...held, 'eliot.run/owner-machine': '' } },
      { ...ada, machine: undefined },
      /^ada@laptop works on web/,
    ],
    [
      'is theirs when they have kept it on another machine, although all names are alike',
      { labels, annotations: kept },
      adaElsewhere,
      /^ada@laptop has let web run on/,
    ],
    [
      'is theirs when they have kept it',
      { labels, annotations: kept },
      bob,
      /^ada@laptop has let web run on on this device$/,
    ],
    [
      'is that of a pod that eli up has not made, however much one insists',
      {},
      { ...bob, takeOver: true },
      /^a pod named "web" exists already, and is none of eli up$/,
    ],
  ] as const) {
    it(what, () => {
      const claim = computeClaim(podOf(metadata), claimant);
      assert.equal(claim.kind, 'Refuse');
      assert.match(claim.kind === 'Refuse' ? claim.message : '', words);
    });
  }
});
