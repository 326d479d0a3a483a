import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Http2Server, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { Envelope, SubscribeRequest } from '../../../gen/containerd/events-messages.ts';
import { createSystemClock } from '../../../lib/clock.ts';
import { encodeFrame, FrameReader } from '../../../lib/grpc/frames.ts';
import { GrpcError } from '../../../lib/grpc/grpc-error.ts';
import { isStatusError } from '../../../lib/status-error.ts';
import { createGrpcClient, type GrpcClient } from './client.ts';
import { method } from './method.ts';

const say = method('/test.Service/Say', SubscribeRequest, Envelope);
const { signal } = new AbortController();

/** One answer as an Envelope with this topic. */
const answer = (topic: string): Buffer => encodeFrame(Envelope.encode({ topic }));
const ok = { 'grpc-status': '0' };

type Handler = (stream: ServerHttp2Stream, headers: Readonly<Record<string, unknown>>) => void;

/** A real HTTP/2 server on a unix socket, whose answers the test writes. */
class TestServer {
  readonly #server: Http2Server = createServer();
  readonly sessions = new Set<ServerHttp2Session>();
  sessionCount = 0;
  handler: Handler = () => {};

  async listen(path: string): Promise<void> {
    this.#server.on('session', (session) => {
      this.sessionCount += 1;
      this.sessions.add(session);
      session.on('error', () => {});
      session.on('close', () => this.sessions.delete(session));
    });
    this.#server.on('stream', (stream, headers) => {
      stream.on('error', () => {});
      this.handler(stream, headers);
    });
    await new Promise<void>((resolve) => this.#server.listen(path, resolve));
  }

  async close(): Promise<void> {
    for (const session of this.sessions) session.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** Answers with messages, then trailers. */
function respond(stream: ServerHttp2Stream, frames: readonly Buffer[], trailers: Record<string, string>): void {
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers(trailers));
  for (const frame of frames) stream.write(frame);
  stream.end();
}

describe('the gRPC client', () => {
  let directory: string;
  let path: string;
  let server: TestServer;
  let client: GrpcClient;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'eliot-grpc-'));
    path = join(directory, 'grpc.sock');
    server = new TestServer();
    await server.listen(path);
    client = createGrpcClient({ socketPath: path, clock: createSystemClock(), metadata: { namespace: 'k8s.io' } });
  });

  afterEach(async () => {
    client.close();
    await server.close();
    await rm(directory, { recursive: true });
  });

  const call = (options: { signal?: AbortSignal; timeoutMs?: number } = {}) =>
    client.unary(say, { filters: ['a'] }, { signal, ...options });

  it('sends one message with its metadata and gives the answer', async () => {
    let seen: Readonly<Record<string, unknown>> = {};
    let request: { readonly filters: readonly string[] } | undefined;
    server.handler = (stream, headers) => {
      seen = headers;
      const reader = new FrameReader(1_000);
      stream.on('data', (chunk: Buffer) => {
        for (const message of reader.push(chunk)) request = SubscribeRequest.decode(message);
      });
      stream.on('end', () => respond(stream, [answer('hello')], ok));
    };
    assert.equal((await call({ timeoutMs: 5_000 })).topic, 'hello');
    assert.deepEqual(request?.filters, ['a']);
    assert.equal(seen[':path'], '/test.Service/Say');
    assert.equal(seen['namespace'], 'k8s.io');
    assert.equal(seen['te'], 'trailers');
    assert.equal(seen['grpc-timeout'], '5000m');
  });

  for (const [code, reason] of [
    [3, 'Invalid'],
    [4, 'Timeout'],
    [5, 'NotFound'],
    [6, 'AlreadyExists'],
    [14, 'ServiceUnavailable'],
    [2, 'InternalError'],
    [8, 'InternalError'],
  ] as const) {
    it(`gives code ${code} as ${reason} with the server's message`, async () => {
      server.handler = (stream) =>
        respond(stream, [], { 'grpc-status': String(code), 'grpc-message': 'no%20%C3%A4%25' });
      await assert.rejects(
        call(),
        (error) =>
          error instanceof GrpcError && error.grpcCode === code && error.reason === reason && error.message === 'no ä%',
      );
    });
  }

  it('understands an answer of headers alone', async () => {
    server.handler = (stream) => {
      stream.respond({ ':status': 200, 'grpc-status': '5', 'grpc-message': 'gone' }, { endStream: true });
    };
    await assert.rejects(call(), (error) => isStatusError(error, 'NotFound') && error.message === 'gone');
  });

  it('passes a malformed message on as it is', async () => {
    server.handler = (stream) => respond(stream, [], { 'grpc-status': '2', 'grpc-message': '100% broken%2' });
    await assert.rejects(call(), /100% broken%2/);
  });

  it('tells an answer that is not gRPC', async () => {
    server.handler = (stream) => {
      stream.respond({ ':status': 404 });
      stream.end('no such page');
    };
    await assert.rejects(call(), (error) => isStatusError(error, 'InternalError'));
  });

  for (const [what, frames] of [
    ['none', []],
    ['two', [answer('a'), answer('b')]],
  ] as const) {
    it(`refuses ${what} where one answer belongs`, async () => {
      server.handler = (stream) => respond(stream, frames, ok);
      await assert.rejects(
        call(),
        (error) => isStatusError(error, 'InternalError') && /instead of one/.test(error.message),
      );
    });
  }

  it('refuses an answer that ends inside a message', async () => {
    server.handler = (stream) => respond(stream, [answer('hello').subarray(0, 7)], ok);
    await assert.rejects(
      call(),
      (error) => isStatusError(error, 'InternalError') && /inside a message/.test(error.message),
    );
  });

  it('carries an answer of 20 MB', async () => {
    const topic = 'x'.repeat(20 * 1024 * 1024);
    server.handler = (stream) => respond(stream, [answer(topic)], ok);
    assert.equal((await call()).topic.length, topic.length);
  });

  it('refuses an answer above the limit', async () => {
    const small = createGrpcClient({ socketPath: path, clock: createSystemClock(), maxMessageBytes: 100 });
    server.handler = (stream) => respond(stream, [answer('x'.repeat(200))], ok);
    await assert.rejects(small.unary(say, {}, { signal }), /at most 100 are taken/);
    small.close();
  });

  it('gives up a call that takes too long, and cancels it at the server', async () => {
    const cancelled = Promise.withResolvers<void>();
    server.handler = (stream) => stream.on('close', () => cancelled.resolve());
    await assert.rejects(
      call({ timeoutMs: 30 }),
      (error) => isStatusError(error, 'Timeout') && error.message === '/test.Service/Say took longer than 30 ms',
    );
    await cancelled.promise;
  });

  it('rejects with the reason of its signal, and cancels the call at the server', async () => {
    const cancelled = Promise.withResolvers<void>();
    const arrived = Promise.withResolvers<void>();
    server.handler = (stream) => {
      stream.on('close', () => cancelled.resolve());
      arrived.resolve();
    };
    const abort = new AbortController();
    const reason = new Error('not wanted any more');
    const calling = call({ signal: abort.signal });
    await arrived.promise;
    abort.abort(reason);
    await assert.rejects(calling, reason);
    await cancelled.promise;
    await assert.rejects(call({ signal: abort.signal }), reason, 'an aborted signal starts nothing');
  });

  it('fails every call at once when the connection dies, and connects again for the next', async () => {
    let arrived = 0;
    const all = Promise.withResolvers<void>();
    server.handler = () => {
      arrived += 1;
      if (arrived === 3) all.resolve();
    };
    const calls = [call(), call(), call()];
    const outcomes = Promise.allSettled(calls);
    await all.promise;
    for (const session of server.sessions) session.destroy();
    for (const outcome of await outcomes) {
      assert.equal(outcome.status, 'rejected');
      assert.ok(isStatusError(outcome.reason, 'ServiceUnavailable'), String(outcome.reason));
    }
    server.handler = (stream) => respond(stream, [answer('again')], ok);
    assert.equal((await call()).topic, 'again');
    assert.equal(server.sessionCount, 2);
  });

  it('lets calls end after GOAWAY and makes new ones on a new connection', async () => {
    const streams: ServerHttp2Stream[] = [];
    const arrived = Promise.withResolvers<void>();
    server.handler = (stream) => {
      streams.push(stream);
      arrived.resolve();
    };
    const first = call();
    await arrived.promise;
    const disconnected = client.disconnected(signal);
    for (const session of server.sessions) session.goaway();
    await disconnected;
    server.handler = (stream) => respond(stream, [answer('second')], ok);
    assert.equal((await call()).topic, 'second');
    const [stream] = streams;
    assert.ok(stream);
    respond(stream, [answer('first')], ok);
    assert.equal((await first).topic, 'first');
    assert.equal(server.sessionCount, 2);
  });

  it('waits for a server that comes within the time to connect', async () => {
    const late = join(directory, 'late.sock');
    const waiting = createGrpcClient({ socketPath: late, clock: createSystemClock(), connectTimeoutMs: 5_000 });
    const calling = waiting.unary(say, {}, { signal });
    const lateServer = new TestServer();
    lateServer.handler = (stream) => respond(stream, [answer('late')], ok);
    await lateServer.listen(late);
    assert.equal((await calling).topic, 'late');
    waiting.close();
    await lateServer.close();
  });

  it('is ServiceUnavailable when nobody is there', async () => {
    const nobody = createGrpcClient({
      socketPath: join(directory, 'nobody.sock'),
      clock: createSystemClock(),
      connectTimeoutMs: 0,
    });
    await assert.rejects(
      nobody.unary(say, {}, { signal }),
      (error) => isStatusError(error, 'ServiceUnavailable') && /does not answer: .*ENOENT/.test(error.message),
    );
    nobody.close();
  });

  it('fails calls under way, and later ones, when it is closed', async () => {
    const arrived = Promise.withResolvers<void>();
    server.handler = () => arrived.resolve();
    const calling = call();
    await arrived.promise;
    client.close();
    await assert.rejects(calling, (error) => isStatusError(error, 'ServiceUnavailable'));
    await assert.rejects(call(), (error) => isStatusError(error, 'ServiceUnavailable'));
  });

  it('streams answers as they come, then its end', async () => {
    server.handler = (stream) => respond(stream, [answer('a'), answer('b')], ok);
    const topics: string[] = [];
    for await (const { topic } of client.serverStream(say, {}, { signal })) topics.push(topic);
    assert.deepEqual(topics, ['a', 'b']);
  });

  it('gives the answers before the failure of a stream', async () => {
    server.handler = (stream) => respond(stream, [answer('a')], { 'grpc-status': '5', 'grpc-message': 'gone' });
    const answers = client.serverStream(say, {}, { signal });
    assert.equal((await answers.next()).value?.topic, 'a');
    await assert.rejects(answers.next(), (error) => isStatusError(error, 'NotFound'));
  });

  it('cancels a stream whose reader leaves', async () => {
    const cancelled = Promise.withResolvers<void>();
    server.handler = (stream) => {
      stream.on('close', () => cancelled.resolve());
      stream.respond({ ':status': 200 });
      stream.write(answer('a'));
    };
    for await (const _ of client.serverStream(say, {}, { signal })) break;
    await cancelled.promise;
  });

  it('lets both sides of a duplex call speak in turn', async () => {
    server.handler = (stream) => {
      stream.respond({ ':status': 200 }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers(ok));
      const reader = new FrameReader(1_000);
      stream.on('data', (chunk: Buffer) => {
        for (const message of reader.push(chunk)) stream.write(answer(SubscribeRequest.decode(message).filters.join()));
      });
      stream.on('end', () => stream.end());
    };
    const talk = await client.duplex(say, { signal });
    await talk.send({ filters: ['one'] });
    assert.equal((await talk.responses.next()).value?.topic, 'one');
    await talk.send({ filters: ['two'] });
    assert.equal((await talk.responses.next()).value?.topic, 'two');
    talk.end();
    assert.equal((await talk.responses.next()).done, true);
  });

  it('ends a duplex call that the server refuses while we speak', async () => {
    server.handler = (stream) => {
      stream.respond({ ':status': 200, 'grpc-status': '6', 'grpc-message': 'exists' }, { endStream: true });
    };
    const talk = await client.duplex(say, { signal });
    for (let turn = 0; turn < 5; turn += 1) await talk.send({ filters: ['x'.repeat(100_000)] });
    await assert.rejects(talk.responses.next(), (error) => isStatusError(error, 'AlreadyExists'));
    await talk.send({ filters: ['too late'] });
  });

  it('keeps no listener on a signal after many calls', async () => {
    server.handler = (stream) => respond(stream, [answer('a')], ok);
    const abort = new AbortController();
    let listeners = 0;
    const counted = new Proxy(abort.signal, {
      get: (target, key) => {
        const value = Reflect.get(target, key);
        if (typeof value !== 'function') return value;
        return (...args: unknown[]) => {
          if (key === 'addEventListener') listeners += 1;
          if (key === 'removeEventListener') listeners -= 1;
          return value.apply(target, args);
        };
      },
    });
    for (let turn = 0; turn < 20; turn += 1) await call({ signal: counted, timeoutMs: 60_000 });
    assert.equal(listeners, 0);
  });
});
