import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PodSignal } from '../../api/kinds/pod-signal.ts';
import type { ObjectClient } from '../../api/object-client.ts';
import { StatusError } from '../../lib/status-error.ts';
import { settle } from '../../testing/settle.ts';
import type { SignalName } from '../io.ts';
import { createSignalProxy } from './signals.ts';

describe('signals to a run', () => {
  const run = (answer: () => Promise<void> = async () => {}) => {
    const sent: string[] = [];
    const told: string[] = [];
    const create = (async (_resource: unknown, { spec }: PodSignal) => {
      sent.push(`${spec.signal} ${spec.pod}/${spec.container}`);
      await answer();
    }) as unknown as ObjectClient['create'];
    const proxy = createSignalProxy(
      {
        client: { create },
        onImpatience: (name) => told.push(`impatient ${name}`),
        onFailure: (name) => told.push(`lost ${name}`),
      },
      { namespace: 'default', pod: 'a', container: 'main' },
    );
    const send = async (...names: SignalName[]): Promise<void> => {
      for (const name of names) proxy(name);
      await settle(20);
    };
    return { sent, told, send };
  };

  it('are passed on in their order', async () => {
    const { sent, send } = run();
    await send('SIGHUP', 'SIGUSR1', 'SIGWINCH');
    assert.deepEqual(sent, ['SIGHUP a/main', 'SIGUSR1 a/main', 'SIGWINCH a/main']);
  });

  it('end eli at the third request to end, whatever comes between', async () => {
    const { sent, told, send } = run();
    await send('SIGINT', 'SIGHUP', 'SIGTERM', 'SIGINT');
    assert.deepEqual(sent, ['SIGINT a/main', 'SIGHUP a/main', 'SIGTERM a/main']);
    assert.deepEqual(told, ['impatient SIGINT']);
  });

  it('that are lost are told, and do not hold up those after them', async () => {
    const { sent, told, send } = run(() => Promise.reject(new StatusError('ServiceUnavailable', 'away')));
    await send('SIGHUP', 'SIGUSR2');
    assert.deepEqual(told, ['lost SIGHUP', 'lost SIGUSR2']);
    assert.equal(sent.length, 2);
  });
});
