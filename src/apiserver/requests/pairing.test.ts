import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { Agent, type RequestOptions, request } from 'node:https';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { type CodeAnswer, exchangeTimeoutMs } from '../../api/pairing/exchange.ts';
import { TestApi } from '../../testing/api-server.ts';
import type { Pairing } from '../pairing.ts';

const share = { share: Buffer.alloc(32).toString('base64') };
const message = { payload: '{}', proof: '' };
const keepAlive = { connection: 'keep-alive' };

/** Takes every share and every proof. */
class FakePairing implements Pairing {
  /** Addresses of those who were not listened to. */
  readonly away: string[] = [];

  openCode(): CodeAnswer {
    return { code: 'k7m4-x2qp', expiresInSeconds: 300, nodeName: 'pi', groups: ['system:masters'], addresses: [] };
  }

  beginExchange(): Buffer {
    return Buffer.alloc(32, 1);
  }

  async finishExchange(): Promise<typeof message> {
    return message;
  }

  turnedAway(peer: string): void {
    this.away.push(peer);
  }
}

describe('the paths of pairing', () => {
  let api: TestApi;
  let pairing: FakePairing;
  before(async () => {
    pairing = new FakePairing();
    api = await TestApi.start({ pairing });
  });
  after(() => api.stop());

  const post = (path: string, body: unknown) => api.post(path, body, { as: 'stranger', headers: keepAlive });

  function optionsOf(path: string, localAddress: string): RequestOptions {
    const server = { host: '127.0.0.1', port: api.port, rejectUnauthorized: false };
    return { ...server, localAddress, agent: false, path, method: 'POST' };
  }

  /** A stranger's one connection. */
  function connection() {
    const agent = new Agent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: false });
    const send = async (path: string, body: object): Promise<number> => {
      const options: RequestOptions = { host: '127.0.0.1', port: api.port, agent, path, method: 'POST' };
      const sent = request(options);
      sent.end(JSON.stringify(body));
      const [response] = await once(sent, 'response');
      await text(response);
      return response.statusCode;
    };
    const socket = () => Object.values(agent.freeSockets)[0]?.[0];
    return { agent, send, socket };
  }

  it('keep no connection of a stranger, whatever is answered', async () => {
    for (const [code, answer] of [
      [400, await post('/pair/v1/share', {})],
      [405, await api.get('/pair/v1/share', { as: 'stranger', headers: keepAlive })],
      [404, await post('/pair/v1/code', {})],
      [400, await post('/pair/v1/certificate', {})],
      [200, await post('/pair/v1/certificate', message)],
    ] as const) {
      assert.deepEqual([answer.code, answer.headers.connection], [code, 'close']);
    }
  });

  it('keep the connection on which an exchange has begun, but not longer than that may take', async () => {
    const { agent, send, socket } = connection();
    assert.equal(await send('/pair/v1/share', share), 200);
    const kept = socket();
    assert.ok(kept);
    const closed = once(kept, 'close');
    api.clock.advance(exchangeTimeoutMs - 1);
    assert.equal(kept.destroyed, false);
    api.clock.advance(1);
    await closed;
    agent.destroy();
  });

  it('listen to some strangers of each address at once, and always to root', async () => {
    /** Somebody who is listened to, and does not say what he wants. */
    const dawdle = async (localAddress: string): Promise<ClientRequest> => {
      const sent = request({ ...optionsOf('/pair/v1/share', localAddress), headers: { expect: '100-continue' } });
      sent.on('error', () => {});
      sent.flushHeaders();
      await once(sent, 'continue');
      return sent;
    };
    const codeFor = async (sent: ClientRequest): Promise<number | undefined> => {
      sent.end(JSON.stringify(share));
      const [response] = (await once(sent, 'response')) as [IncomingMessage];
      response.resume();
      return response.statusCode;
    };
    const shareFrom = (localAddress: string) => codeFor(request(optionsOf('/pair/v1/share', localAddress)));
    const dawdlers = await Promise.all(Array.from({ length: 4 }, () => dawdle('127.0.0.1')));
    assert.equal(await shareFrom('127.0.0.1'), 429);
    assert.equal(await shareFrom('127.0.0.2'), 200);
    for (let host = 2; host <= 8; host++) {
      dawdlers.push(...(await Promise.all(Array.from({ length: 4 }, () => dawdle(`127.0.0.${host}`)))));
    }
    assert.equal(await shareFrom('127.0.0.9'), 429);
    assert.deepEqual(pairing.away, ['127.0.0.1', '127.0.0.9']);
    assert.equal((await api.post('/pair/v1/code', { groups: ['system:masters'] })).code, 200);
    const [first, ...others] = dawdlers;
    assert.ok(first);
    assert.equal(await codeFor(first), 200);
    assert.equal(await shareFrom('127.0.0.9'), 200);
    for (const dawdler of others) dawdler.destroy();
  });

  it('wait longer for an answer to the second message, which ends the connection', async () => {
    const { agent, send, socket } = connection();
    assert.equal(await send('/pair/v1/share', share), 200);
    const kept = socket();
    assert.ok(kept);
    const closed = once(kept, 'close');
    const gate = Promise.withResolvers<void>();
    const reached = Promise.withResolvers<void>();
    pairing.finishExchange = async () => {
      reached.resolve();
      await gate.promise;
      return message;
    };
    const answered = send('/pair/v1/certificate', message);
    await reached.promise;
    api.clock.advance(exchangeTimeoutMs);
    gate.resolve();
    assert.equal(await answered, 200);
    await closed;
    agent.destroy();
  });
});
