import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import { WebSocket } from 'ws';
import { StatusError } from '../lib/status-error.ts';
import { TestApi } from '../testing/api-server.ts';
import { configMap, pod } from '../testing/registry.ts';
import type { ContainerRef, PodStreams } from './pod-streams.ts';

const pods = '/api/v1/namespaces/default/pods';

describe('exec', () => {
  let api: TestApi;
  let asked: { readonly ref: ContainerRef; readonly command: readonly string[] } | undefined;
  const streams: Partial<PodStreams> = {
    exec: async (ref, command, ends) => {
      asked = { ref, command };
      ends.stdout?.write('hello');
      return { exitCode: 3 };
    },
  };
  before(async () => {
    api = await TestApi.start({ podStreams: streams as PodStreams });
    await api.post(pods, pod('web'));
  });
  after(() => api.stop());

  const open = (query: string) =>
    new WebSocket(`ws+unix:${api.socketPath}:${pods}/web/exec?${query}`, ['v5.channel.k8s.io']);

  it('runs a command in the default container of the pod that was found, and tells its exit code', async () => {
    const socket = open('command=echo&command=hi&stdout=true&stderr=true');
    const messages: Buffer[] = [];
    socket.on('message', (data: Buffer) => messages.push(data));
    await once(socket, 'close');
    const { uid } = (await api.get(`${pods}/web`)).json.metadata;
    assert.deepEqual(asked, {
      ref: { namespace: 'default', pod: 'web', uid, container: 'main' },
      command: ['echo', 'hi'],
    });
    const channel = (number: number): string =>
      Buffer.concat(
        messages.filter((message) => message[0] === number).map((message) => message.subarray(1)),
      ).toString();
    assert.equal(channel(1), 'hello');
    assert.deepEqual(JSON.parse(channel(3)).details.causes, [{ reason: 'ExitCode', message: '3' }]);
  });

  for (const { query, message } of [
    { query: 'command=sh&stdout=1&container=nope', message: 'container nope is not valid for pod web' },
    { query: 'stdout=1', message: 'you must specify at least 1 command for the container' },
  ]) {
    it(`is refused before the upgrade for ${query}`, async () => {
      const socket = open(query);
      socket.on('error', () => {});
      const [, response] = await once(socket, 'unexpected-response');
      let text = '';
      for await (const chunk of response) text += chunk;
      assert.deepEqual([response.statusCode, JSON.parse(text).message], [400, message]);
    });
  }
});

describe('a log over WebSocket', () => {
  let api: TestApi;
  let asked: unknown[] = [];
  const streams: Partial<PodStreams> = {
    log: async ({ container }, { tailLines, follow }) => {
      asked = [container, tailLines, follow];
      if (container !== 'main') throw new StatusError('BadRequest', 'no such log');
      return Readable.from([Buffer.from('one\n'), Buffer.from('zwei \u00fc\n')]);
    },
  };
  before(async () => {
    api = await TestApi.start({ podStreams: streams as PodStreams });
    await api.post(pods, pod('web'));
  });
  after(() => api.stop());

  const read = async (
    query: string,
    protocols: string[],
  ): Promise<{ text: string; code: number; protocol: string }> => {
    const socket = new WebSocket(`ws+unix:${api.socketPath}:${pods}/web/log?${query}`, protocols);
    const messages: Buffer[] = [];
    socket.on('message', (data: Buffer, isBinary) =>
      messages.push(isBinary ? data : Buffer.from(data.toString(), 'base64')),
    );
    const [code] = await once(socket, 'close');
    return { text: Buffer.concat(messages).toString(), code, protocol: socket.protocol };
  };

  for (const protocols of [['binary.k8s.io'], ['base64.binary.k8s.io'], []]) {
    it(`carries the exact bytes by ${protocols[0] ?? 'no sub-protocol'}, and is closed in order`, async () => {
      assert.deepEqual(await read('tailLines=2', protocols), {
        text: 'one\nzwei \u00fc\n',
        code: 1000,
        protocol: protocols[0] ?? '',
      });
      assert.deepEqual(asked, ['main', 2, false]);
    });
  }

  it('is refused before the upgrade for a bad query and an unknown sub-protocol', async () => {
    for (const [query, protocol] of [
      ['tailLines=x', 'binary.k8s.io'],
      ['', 'channel.k8s.io'],
    ]) {
      const socket = new WebSocket(`ws+unix:${api.socketPath}:${pods}/web/log?${query}`, [protocol ?? '']);
      socket.on('error', () => {});
      const [, response] = await once(socket, 'unexpected-response');
      assert.equal(response.statusCode, 400);
      response.destroy();
    }
  });
});

describe('an Upgrade header', () => {
  let api: TestApi;
  before(async () => {
    api = await TestApi.start();
    await api.post(pods, pod('web'));
  });
  after(() => api.stop());

  const webSocket = {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'MDEyMzQ1Njc4OWFiY2RlZg==',
    'sec-websocket-protocol': 'base64.binary.k8s.io',
  };

  for (const path of [
    `${pods}?watch=1&resourceVersion=1`,
    '/api/v1/pods?watch=true',
    '/apis/coordination.k8s.io/v1/leases?watch=1',
    `${pods}/web`,
  ]) {
    it(`is answered by a Status for ${path}`, async () => {
      const { code, json } = await api.get(path, { headers: webSocket });
      const message = `watches and lists are not served over WebSocket by this version of Eliot: send the request without the Upgrade header`;
      assert.deepEqual([code, json.kind, json.reason, json.message], [400, 'Status', 'BadRequest', message]);
    });
  }

  it('is answered by a Status for paths that are not there, and without rights', async () => {
    assert.equal((await api.get('/nothing', { headers: webSocket })).json.reason, 'NotFound');
    const { code, json } = await api.get(`${pods}?watch=1`, { headers: webSocket, as: 'stranger' });
    assert.deepEqual([code, json.reason], [401, 'Unauthorized']);
  });

  it('is passed over when it offers another protocol, as curl --http2 does', async () => {
    const { code, json } = await api.get(`${pods}/web`, {
      headers: { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c', 'http2-settings': 'AAMAAABk' },
    });
    assert.deepEqual([code, json.kind], [200, 'Pod']);
    const created = await api.post('/api/v1/namespaces/default/configmaps', configMap('h2c'), {
      headers: { connection: 'Upgrade', upgrade: 'h2c' },
    });
    assert.equal(created.code, 201);
  });
});
