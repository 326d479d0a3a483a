import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { WebSocket } from 'ws';
import { TestApi } from '../testing/api-server.ts';
import { pod } from '../testing/registry.ts';
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
