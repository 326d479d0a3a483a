import assert from 'node:assert/strict';
import { PassThrough, Readable } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import type { Pod } from '../../api/kinds/pod/types.ts';
import { TestApi } from '../../testing/api-server.ts';
import { pod } from '../../testing/registry.ts';
import type { ContainerRef, LogOptions, PodStreams } from '../pod-streams.ts';
import { chooseContainer } from './choose-container.ts';

const pods = '/api/v1/namespaces/default/pods';
const two = {
  containers: ['a', 'b'].map((name) => ({ name, image: 'x' })),
  initContainers: [{ name: 'i', image: 'x' }],
};

describe('the container of a request', () => {
  const of = (spec: object, annotations = {}) => pod('web', spec, { annotations }) as Pod;

  it('is the one asked for, the annotated one or the only one', () => {
    assert.equal(chooseContainer(of({}), undefined), 'main');
    assert.equal(chooseContainer(of(two), 'i'), 'i');
    assert.equal(chooseContainer(of(two, { 'kubectl.kubernetes.io/default-container': 'b' }), undefined), 'b');
  });

  it('must be named when there are several', () => {
    assert.throws(() => chooseContainer(of(two), undefined), {
      message:
        'a container name must be specified for pod web, choose one of: [a b] or one of the init containers: [i]',
    });
    assert.throws(() => chooseContainer(of(two), 'x'), { message: 'container x is not valid for pod web' });
  });
});

describe('logs', () => {
  let api: TestApi;
  let open: (ref: ContainerRef, options: LogOptions, signal: AbortSignal) => Readable;
  const streams: Partial<PodStreams> = { log: async (...args) => open(...args) };

  before(async () => {
    api = await TestApi.start({ podStreams: streams as PodStreams });
    await api.post(pods, pod('web'));
  });
  after(() => api.stop());

  it('are answered as text, with what was asked for', async () => {
    let asked: unknown;
    open = (ref, options) => {
      asked = [ref.container, options];
      return Readable.from(['one\n', 'two\n']);
    };
    const query = 'follow=true&tailLines=2&timestamps=1&sinceSeconds=60&limitBytes=99&previous=false';
    const { code, headers, text } = await api.get(`${pods}/web/log?${query}`);
    assert.deepEqual([code, headers['content-type'], text], [200, 'text/plain', 'one\ntwo\n']);
    const expected = {
      follow: true,
      previous: false,
      timestamps: true,
      tailLines: 2,
      sinceSeconds: 60,
      limitBytes: 99,
    };
    assert.deepEqual(asked, ['main', expected]);
  });

  it('answer before the first line, and end their reader when the client leaves', async () => {
    const lines = new PassThrough();
    let gone: AbortSignal | undefined;
    open = (_ref, _options, signal) => {
      gone = signal;
      return lines;
    };
    const watch = await api.watch(`${pods}/web/log?follow=true`);
    assert.equal(watch.response.statusCode, 200);
    const closed = new Promise((resolve) => gone?.addEventListener('abort', resolve));
    watch.close();
    await closed;
  });

  for (const { query, message } of [
    { query: 'tailLines=-1', message: /tailLines: Invalid value: -1: must be greater than or equal to 0/ },
    { query: 'limitBytes=0', message: /limitBytes: Invalid value: 0: must be greater than 0/ },
    { query: 'sinceSeconds=1&sinceTime=2026-01-01T00:00:00Z', message: /at most one of/ },
    { query: 'sinceTime=yesterday', message: /sinceTime: Invalid value/ },
    { query: 'container=nope', message: /container nope is not valid for pod web/ },
  ]) {
    it(`are refused for ${query}`, async () => {
      const { code, json } = await api.get(`${pods}/web/log?${query}`);
      assert.ok(code === 400 || code === 422);
      assert.match(json.message, message);
    });
  }
});
