import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Pod } from '../../api/kinds/pod/types.ts';
import { makePod } from '../../testing/pods.ts';
import { computeProgramState, type ProgramState } from './program-state.ts';

const podOf = (container: object, phase = 'Running'): Pod =>
  makePod({
    status: { phase, containerStatuses: [{ name: 'web', containerID: 'c1', restartCount: 2, ...container }] },
  });
const past = { lastState: { terminated: { exitCode: 9, reason: 'Error' } } };
const run = { id: 'c1', restartCount: 2 };

describe('the state of a program', () => {
  for (const [what, pod, expected] of [
    ['is waiting before it was started', makePod({ status: { phase: 'Pending' } }), { kind: 'Waiting' }],
    [
      'is running, whatever became of the run before',
      podOf({ state: { running: {} }, ...past }),
      { kind: 'Running', ...run },
    ],
    [
      'is its end',
      podOf({ state: { terminated: { exitCode: 3, reason: 'Error' } }, ...past }),
      { kind: 'Ended', exitCode: 3, reason: 'Error', message: '', ...run },
    ],
    [
      'is that it could not be started',
      podOf({ state: { terminated: { exitCode: 128, reason: 'StartError', message: 'no such file' } } }),
      { kind: 'Failed', message: 'no such file', ...run },
    ],
    [
      'is that no container could be made, which is no run',
      podOf({ state: { waiting: { reason: 'CreateContainerConfigError', message: 'no secret' } } }),
      { kind: 'Failed', message: 'no secret', id: '', restartCount: 2 },
    ],
    ['is gone with its pod', undefined, { kind: 'Gone', why: 'it was deleted' }],
    [
      'is gone when its pod is to go',
      makePod({ metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } }),
      { kind: 'Gone', why: 'it is being deleted' },
    ],
    [
      'is gone when somebody has taken it over',
      makePod({
        metadata: { deletionTimestamp: '2026-01-01T00:00:00Z', annotations: { 'eliot.run/taken-over-by': 'bob' } },
      }),
      { kind: 'Gone', why: 'bob has taken it over' },
    ],
    [
      'is gone when the device has evicted it',
      makePod({ status: { phase: 'Failed', reason: 'Evicted', message: 'no memory' } }),
      { kind: 'Gone', why: 'no memory' },
    ],
  ] satisfies readonly (readonly [string, Pod | undefined, ProgramState])[]) {
    it(what, () => assert.deepEqual(computeProgramState(pod), expected));
  }
});
