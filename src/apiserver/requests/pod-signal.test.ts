import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { StatusError } from '../../lib/status-error.ts';
import { noStreams, TestApi } from '../../testing/api-server.ts';
import { pod } from '../../testing/registry.ts';
import type { ContainerRef } from '../pod-streams.ts';

const path = '/apis/eliot.run/v1alpha1/namespaces/default/podsignals';

describe('a signal for a container', () => {
  let api: TestApi;
  let sent: { readonly ref: ContainerRef; readonly number: number }[] = [];
  before(async () => {
    const signal = async (ref: ContainerRef, number: number): Promise<void> => {
      if (number === 10) throw new StatusError('NotFound', 'container not found');
      sent.push({ ref, number });
    };
    api = await TestApi.start({ podStreams: { ...noStreams, signal } });
    const two = ['a', 'b'].map((name) => ({ name, image: 'busybox' }));
    await api.post('/api/v1/namespaces/default/pods', pod('web'));
    await api.post('/api/v1/namespaces/default/pods', pod('pair', { containers: two }));
  });
  beforeEach(() => {
    sent = [];
  });
  after(() => api.stop());

  const send = (spec: object, metadata: object = {}, query = '') =>
    api.post(`${path}${query}`, { apiVersion: 'eliot.run/v1alpha1', kind: 'PodSignal', metadata, spec });

  it('is passed on by its number, to the only container of the pod', async () => {
    const { code, json } = await send({ pod: 'web', signal: 'SIGHUP' });
    assert.equal(code, 201);
    assert.equal(sent.length, 1);
    const [{ ref, number } = { ref: undefined, number: 0 }] = sent;
    assert.deepEqual([ref?.pod, ref?.container, number], ['web', json['spec'].container, 1]);
  });

  it('goes to the container that it names, which it must when there are several', async () => {
    assert.equal((await send({ pod: 'pair', signal: 'SIGTERM', container: 'b' })).code, 201);
    assert.equal(sent[0]?.ref.container, 'b');
    const { code, json } = await send({ pod: 'pair', signal: 'SIGTERM' });
    assert.equal(code, 400);
    assert.match(json.message, /choose one of: \[a b\]/);
  });

  it('is refused when there is no such signal, pod or container', async () => {
    assert.equal((await send({ pod: 'web', signal: 'SIGFOO' })).code, 422);
    assert.equal((await send({ pod: 'nope', signal: 'SIGTERM' })).code, 404);
    assert.equal((await send({ pod: 'web', signal: 'SIGTERM', container: 'x' })).code, 400);
    assert.equal((await send({ signal: 'SIGTERM' })).code, 422);
    assert.equal((await send({ pod: 'web', signal: 'SIGTERM' }, { namespace: 'other' })).code, 400);
    assert.deepEqual(sent, []);
  });

  it('is not sent as a dry run, nor by one who may only look', async () => {
    assert.equal((await send({ pod: 'web', signal: 'SIGTERM' }, {}, '?dryRun=All')).code, 201);
    const body = { apiVersion: 'eliot.run/v1alpha1', kind: 'PodSignal', spec: { pod: 'web', signal: 'SIGTERM' } };
    assert.equal((await api.send('POST', path, { as: 'viewer', body })).code, 403);
    assert.deepEqual(sent, []);
  });

  it('says when the container does not run', async () => {
    assert.equal((await send({ pod: 'web', signal: 'SIGUSR1' })).code, 404);
  });
});
