import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Cared, computeFate, type Fate, finishedGraceMs } from './compute-fate.ts';

const leased: Cared = { leaseSeenMs: 1_000, leaseDurationMs: 30_000, finishedSeenMs: undefined };

const cases: readonly (readonly [what: string, cared: Cared, nowMs: number, fate: Fate])[] = [
  ['stays while its lease is young', leased, 2_000, { kind: 'LookAgain', afterMs: 29_000 }],
  ['goes at the moment at which its lease lapses', leased, 31_000, { kind: 'Goes', why: 'LeaseLapsed' }],
  [
    'stays for the holder of its lease when it has finished',
    { ...leased, finishedSeenMs: 1_000 },
    10_000,
    { kind: 'LookAgain', afterMs: 21_000 },
  ],
  [
    'stays a moment when it has finished and nobody holds a lease',
    { ...leased, leaseSeenMs: undefined, finishedSeenMs: 1_000 },
    1_000,
    { kind: 'LookAgain', afterMs: finishedGraceMs },
  ],
  [
    'goes a moment after it has finished',
    { ...leased, leaseSeenMs: undefined, finishedSeenMs: 1_000 },
    1_000 + finishedGraceMs,
    { kind: 'Goes', why: 'Finished' },
  ],
  ['stays while it runs and has no lease', { ...leased, leaseSeenMs: undefined }, 1e9, { kind: 'Stays' }],
];

for (const [what, cared, nowMs, fate] of cases) {
  test(`a pod of eli run ${what}`, () => assert.deepEqual(computeFate(cared, nowMs), fate));
}
