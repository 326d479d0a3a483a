import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod } from '../../api/kinds/pod/types.ts';
import { computeState, type RunState } from './compute-state.ts';

const pod = (status: object): Pod =>
  ({ apiVersion: 'v1', kind: 'Pod', metadata: {}, spec: {}, status }) as unknown as Pod;
const withContainer = (state: object, more: object = {}): Pod => pod({ containerStatuses: [{ state, ...more }] });
const waiting = (reason: string, message = ''): Pod => withContainer({ waiting: { reason, message } });
const ended = (terminated: object): Pod => withContainer({ terminated });

const cases: readonly (readonly [what: string, pod: Pod | undefined, state: RunState])[] = [
  ['that nobody has looked at waits', pod({}), { kind: 'Waiting', reason: '' }],
  ['whose image is pulled waits', waiting('ContainerCreating'), { kind: 'Waiting', reason: 'ContainerCreating' }],
  ['that runs runs', withContainer({ running: {} }), { kind: 'Running' }],
  ['that is gone is gone', undefined, { kind: 'Gone' }],
  [
    'that has ended gives its exit code',
    ended({ exitCode: 3, reason: 'Error' }),
    { kind: 'Ended', exitCode: 3, reason: 'Error', message: '' },
  ],
  [
    'that was started again gives the exit code of its first end',
    withContainer({ running: {} }, { lastState: { terminated: { exitCode: 4, reason: 'Error' } } }),
    { kind: 'Ended', exitCode: 4, reason: 'Error', message: '' },
  ],
  [
    'whose image there is not fails at once',
    waiting('ErrImagePull', 'not found'),
    { kind: 'Failed', message: 'not found', exitCode: 125 },
  ],
  [
    'whose command there is not fails as a shell says it',
    ended({ exitCode: 128, reason: 'StartError', message: 'exec: "x": executable file not found in $PATH' }),
    { kind: 'Failed', message: 'exec: "x": executable file not found in $PATH', exitCode: 127 },
  ],
  [
    'whose command is a directory fails as a shell says it',
    ended({ exitCode: 128, reason: 'StartError', message: 'exec: "/etc": is a directory' }),
    { kind: 'Failed', message: 'exec: "/etc": is a directory', exitCode: 126 },
  ],
  [
    'that finds no room fails with what is missing',
    pod({
      conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: 'Insufficient cpu' }],
    }),
    { kind: 'Failed', message: 'Insufficient cpu', exitCode: 125 },
  ],
  [
    'that the device refused fails with its words',
    pod({ phase: 'Failed', reason: 'SysctlForbidden', message: 'forbidden sysctl' }),
    { kind: 'Failed', message: 'forbidden sysctl', exitCode: 125 },
  ],
];

for (const [what, given, state] of cases) {
  test(`a pod ${what}`, () => assert.deepEqual(computeState(given), state));
}
