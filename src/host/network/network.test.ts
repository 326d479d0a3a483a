import assert from 'node:assert/strict';
import { createServer, type IncomingMessage } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net';
import { after, describe, it } from 'node:test';
import { createSystemClock } from '../../lib/clock.ts';
import { encodeFrame } from '../../lib/grpc/frames.ts';
import { limited } from '../../lib/limited.ts';
import { grpcHealth } from './grpc-health.ts';
import { type HttpGet, httpGet } from './http-get.ts';
import { tcpConnect } from './tcp-connect.ts';

const { signal } = new AbortController();
const opened: { close(): void }[] = [];
after(() => {
  for (const server of opened) server.close();
});

async function listen(server: Pick<Server, 'listen' | 'address' | 'close'>): Promise<number> {
  opened.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

async function freePort(): Promise<number> {
  const server = createTcpServer();
  const port = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const get = (port: number, path = '/', more: Partial<HttpGet> = {}): HttpGet => ({
  url: `http://127.0.0.1:${port}${path}`,
  headers: [],
  userAgent: 'kube-probe/1.35',
  ...more,
});

describe('an HTTP GET', () => {
  it('gives status and the start of the body', async () => {
    const port = await listen(createServer((_, response) => response.writeHead(503).end('x'.repeat(20_000))));
    const answer = await httpGet(get(port), signal);
    assert.ok(answer.kind === 'Answer');
    assert.deepEqual([answer.status, answer.body.length], [503, 10_240]);
  });

  it('sends the headers it is told, the kubelet’s own unless they are set or emptied', async () => {
    const seen: IncomingMessage[] = [];
    const port = await listen(
      createServer((request, response) => {
        seen.push(request);
        response.end();
      }),
    );
    await httpGet(get(port, '/healthz?deep=1', { headers: [{ name: 'X-One', value: '1' }] }), signal);
    const headers = [
      { name: 'Host', value: 'example.test' },
      { name: 'Accept', value: '' },
      { name: 'User-Agent', value: 'me' },
    ];
    await httpGet(get(port, '/', { headers }), signal);
    const [first, second] = seen;
    assert.equal(first?.url, '/healthz?deep=1');
    assert.equal(first?.headers['x-one'], '1');
    assert.equal(first?.headers['user-agent'], 'kube-probe/1.35');
    assert.equal(first?.headers.accept, '*/*');
    assert.equal(first?.headers.host, `127.0.0.1:${port}`);
    assert.equal(second?.headers.host, 'example.test');
    assert.equal(second?.headers.accept, undefined);
    assert.equal(second?.headers['user-agent'], 'me');
  });

  it('follows redirects on the same host, at most ten', async () => {
    const port = await listen(
      createServer((request, response) => {
        const left = Number(request.url?.slice(1));
        if (left > 0) response.writeHead(302, { location: `/${left - 1}` }).end();
        else response.end('there');
      }),
    );
    const short = await httpGet(get(port, '/9'), signal);
    assert.ok(short.kind === 'Answer');
    assert.equal(short.body, 'there');
    const long = await httpGet(get(port, '/11'), signal);
    assert.ok(long.kind === 'Failed');
    assert.match(long.message, /stopped after 10 redirects$/);
  });

  it('takes a redirect to another host as the answer', async () => {
    const port = await listen(
      createServer((_, response) => response.writeHead(302, { location: 'http://192.0.2.1/' }).end('elsewhere')),
    );
    const answer = await httpGet(get(port), signal);
    assert.ok(answer.kind === 'Answer');
    assert.deepEqual([answer.status, answer.body], [302, 'elsewhere']);
  });

  it('says in Go’s words that nobody listens', async () => {
    const port = await freePort();
    assert.deepEqual(await httpGet(get(port, '/healthz'), signal), {
      kind: 'Failed',
      message: `Get "http://127.0.0.1:${port}/healthz": dial tcp 127.0.0.1:${port}: connect: connection refused`,
      isPlainHttp: false,
    });
  });

  it('sees that a server speaks plain HTTP', async () => {
    const port = await listen(createServer((_, response) => response.end()));
    const answer = await httpGet(get(port, '/', { url: `https://127.0.0.1:${port}/` }), signal);
    assert.ok(answer.kind === 'Failed');
    assert.equal(answer.isPlainHttp, true);
    assert.match(answer.message, /http: server gave HTTP response to HTTPS client$/);
  });

  it('is given up when time is up, before the head as in the body', async () => {
    const silent = await listen(createServer(() => {}));
    const slow = await listen(createServer((_, response) => void response.writeHead(200).write('x')));
    for (const port of [silent, slow]) {
      const clock = createSystemClock();
      assert.deepEqual(await limited(clock, 50, signal, (stop) => httpGet(get(port), stop)), { kind: 'TimedOut' });
    }
  });
});

describe('a TCP connect', () => {
  it('succeeds when somebody listens, and says why not otherwise', async () => {
    const port = await listen(createTcpServer());
    assert.equal(await tcpConnect('127.0.0.1', port, signal), undefined);
    const closed = await freePort();
    assert.equal(
      await tcpConnect('127.0.0.1', closed, signal),
      `dial tcp 127.0.0.1:${closed}: connect: connection refused`,
    );
  });
});

describe('a gRPC health check', () => {
  const target = (port: number, service = ''): Parameters<typeof grpcHealth>[0] => ({
    host: '127.0.0.1',
    port,
    service,
    userAgent: 'kube-probe/1.35',
  });
  const asked: { path: string | undefined; body: Buffer }[] = [];
  const serve = (answer: Buffer | undefined, trailers: Record<string, string>): Promise<number> => {
    const server = createHttp2Server();
    server.on('stream', (stream, headers) => {
      const chunks: Buffer[] = [];
      stream.on('error', () => undefined);
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        asked.push({ path: headers[':path'], body: Buffer.concat(chunks) });
        if (answer === undefined) {
          stream.respond({ ':status': 200, 'content-type': 'application/grpc', ...trailers }, { endStream: true });
          return;
        }
        stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
        stream.on('wantTrailers', () => stream.sendTrailers(trailers));
        stream.end(encodeFrame(answer));
      });
    });
    return listen(server);
  };

  it('asks for the service and gives its status', async () => {
    const port = await serve(Buffer.from([8, 1]), { 'grpc-status': '0' });
    assert.deepEqual(await grpcHealth(target(port, 'pump'), signal), { kind: 'Answer', status: 'SERVING' });
    assert.equal(asked.at(-1)?.path, '/grpc.health.v1.Health/Check');
    assert.deepEqual(asked.at(-1)?.body, encodeFrame(Buffer.from([10, 4, ...Buffer.from('pump')])));
    const ill = await serve(Buffer.from([8, 2]), { 'grpc-status': '0' });
    assert.deepEqual(await grpcHealth(target(ill), signal), { kind: 'Answer', status: 'NOT_SERVING' });
    assert.deepEqual(asked.at(-1)?.body, encodeFrame(Buffer.alloc(0)));
  });

  it('tells a server without the protocol from one that failed', async () => {
    const port = await serve(undefined, { 'grpc-status': '12', 'grpc-message': 'unknown service' });
    assert.deepEqual(await grpcHealth(target(port), signal), { kind: 'Unimplemented', message: 'unknown service' });
    const missing = await serve(undefined, { 'grpc-status': '5', 'grpc-message': 'unknown service' });
    assert.deepEqual(await grpcHealth(target(missing), signal), {
      kind: 'Failed',
      message: 'rpc error: code = NotFound desc = unknown service',
    });
  });

  it('says that nobody listens', async () => {
    const port = await freePort();
    assert.deepEqual(await grpcHealth(target(port), signal), {
      kind: 'NotConnected',
      message: `connection error: desc = "transport: Error while dialing: dial tcp 127.0.0.1:${port}: connect: connection refused"`,
    });
  });

  it('is given up when a server says nothing', async () => {
    const port = await listen(createTcpServer());
    const clock = createSystemClock();
    assert.deepEqual(await limited(clock, 50, signal, (stop) => grpcHealth(target(port), stop)), { kind: 'TimedOut' });
  });
});
