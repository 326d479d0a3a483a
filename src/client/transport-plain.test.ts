/** Whole answers over the connection that was negotiated, as `RestClient` gets them. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { issueCertificates } from '../agent/pki/issue-certificates.ts';
import { openPki, type Pki } from '../agent/pki/pki.ts';
import { isStatusError, type Reason } from '../lib/status-error.ts';
import { RestClient } from './rest-client.ts';
import { Transport, type TransportOptions } from './transport.ts';

const directory = mkdtempSync(join(tmpdir(), 'eliot-plain-'));
let pki: Pki;

before(async () => {
  const device = { dataDir: directory, nodeName: 'pi', dnsNames: ['localhost'], ips: ['127.0.0.1'] };
  pki = await openPki({ ...device, issue: issueCertificates }, AbortSignal.timeout(30_000));
});
after(() => rmSync(directory, { recursive: true }));

interface Served {
  readonly rest: RestClient;
  /** How many connections the server has seen. */
  readonly connections: () => number;
}

/** A server of ours that does with each connection as it is told; `rest` has negotiated with it. */
async function withConnections(
  onConnection: (socket: TLSSocket) => void,
  work: (served: Served) => Promise<void>,
  options: Partial<TransportOptions> = {},
): Promise<void> {
  const sockets: TLSSocket[] = [];
  const server = createTlsServer({ ...pki.server, ALPNProtocols: ['ours', 'http/1.1'] }, (socket) => {
    sockets.push(socket.on('error', () => {}));
    onConnection(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const transport = new Transport({ server: address, ca: pki.ca.cert, ...options });
  try {
    await transport.negotiate(['ours']);
    await work({ rest: new RestClient({ transport }), connections: () => sockets.length });
  } finally {
    transport.close();
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  }
}

/** As a device answers. */
async function withHandler(
  handler: RequestListener,
  work: (served: Served) => Promise<void>,
  options: Partial<TransportOptions> = {},
): Promise<void> {
  const http = createServer(handler);
  await withConnections((socket) => void http.emit('connection', socket), work, options);
}

/** Answers the first request of a connection with `text`, then does `then`. */
const saying =
  (text: string, then: (socket: TLSSocket) => void = () => {}) =>
  (socket: TLSSocket): void => {
    socket.once('data', () => socket.write(text, () => then(socket)));
  };

const isReason =
  (reason: Reason, message: RegExp) =>
  (error: unknown): boolean =>
    isStatusError(error, reason) && message.test(error.message);

describe('a whole answer over a negotiated connection', () => {
  it('is asked for with the path, the token and what is wanted', async () => {
    let asked: unknown;
    await withHandler(
      ({ method, url, headers }, response) => {
        asked = [method, url, headers.host, headers.authorization, headers.accept];
        response.end('{"a":"ä"}');
      },
      async ({ rest }) => {
        assert.deepEqual(await rest.json({ path: '/x', query: { y: 'a b' }, accept: 'text/a' }), { a: 'ä' });
        const { host } = new URL(rest.transport.address);
        assert.deepEqual(asked, ['GET', '/x?y=a+b', host, 'Bearer secret', 'text/a']);
      },
      { token: 'secret' },
    );
  });

  it('leaves the connection to whatever is asked next', async () => {
    await withHandler(
      (request, response) => response.end(JSON.stringify(request.method)),
      async ({ rest, connections }) => {
        assert.equal(await rest.json({ path: '/' }), 'GET');
        assert.equal(await rest.json({ path: '/' }), 'GET');
        assert.equal(await rest.json({ path: '/', method: 'POST', body: {} }), 'POST');
        assert.equal(await rest.json({ path: '/' }), 'GET');
        assert.equal(connections(), 1);
      },
    );
  });

  it('takes as many connections as there are questions at once', async () => {
    await withHandler(
      (request, response) => response.end(JSON.stringify(request.url)),
      async ({ rest }) => {
        const paths = ['/a', '/b', '/c'];
        assert.deepEqual(await Promise.all(paths.map((path) => rest.json({ path }))), paths);
      },
    );
  });

  it('may be a refusal, and may carry warnings', async () => {
    const warnings: string[] = [];
    await withHandler(
      (_request, response) => {
        response.statusCode = 404;
        response.setHeader('warning', ['299 - "old"', '299 - "older"']);
        response.end('{"kind":"Status","message":"no pod","reason":"NotFound","code":404}');
      },
      async ({ rest: { transport } }) => {
        const rest = new RestClient({ transport, onWarning: (text) => warnings.push(text) });
        await assert.rejects(rest.json({ path: '/' }), isReason('NotFound', /^no pod$/));
        assert.deepEqual(warnings, ['old', 'older']);
      },
    );
  });

  it('is asked for once more when the server closed a kept connection', async () => {
    let answers = 0;
    await withHandler(
      (request, response) => {
        answers += 1;
        if (answers === 2) request.socket.destroy();
        else response.end(String(answers));
      },
      async ({ rest, connections }) => {
        assert.equal(await rest.json({ path: '/' }), 1);
        assert.equal(await rest.json({ path: '/' }), 3);
        assert.equal(connections(), 2);
      },
    );
  });

  it('ends the connection when the server says so', async () => {
    await withHandler(
      (_request, response) => response.setHeader('connection', 'close').end('1'),
      async ({ rest, connections }) => {
        for (let index = 0; index < 2; index++) await rest.json({ path: '/' });
        assert.equal(connections(), 2);
      },
    );
  });

  it('is not asked for over a connection that said more than it was asked', async () => {
    await withConnections(
      saying('HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n1HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n2'),
      async ({ rest, connections }) => {
        for (let index = 0; index < 2; index++) assert.equal(await rest.json({ path: '/' }), 1);
        assert.equal(connections(), 2);
      },
    );
  });

  for (const [what, text, reason, message] of [
    ['that is no HTTP', 'SSH-2.0-x\r\n\r\n', 'ServiceUnavailable', /does not speak HTTP/],
    [
      'that is cut off',
      'HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{',
      'ServiceUnavailable',
      /closed by the other side/,
    ],
    ['of nothing', '', 'ServiceUnavailable', /closed by the other side/],
    [
      'that says it is larger than anything',
      `HTTP/1.1 200 OK\r\ncontent-length: ${2 ** 40}\r\n\r\n`,
      'InternalError',
      /sent an answer larger than/,
    ],
  ] as const) {
    it(`${what} is a failure that says so`, async () => {
      await withConnections(
        saying(text, (socket) => void socket.end()),
        async ({ rest }) => {
          await assert.rejects(rest.json({ path: '/' }), isReason(reason, message));
        },
      );
    });
  }

  it('is not waited for when it does not begin, or stops', async () => {
    const options = { headerTimeoutMs: 50 };
    const silent = withConnections(
      saying(''),
      ({ rest }) => assert.rejects(rest.json({ path: '/' }), isReason('Timeout', /did not answer within 0.05 s/)),
      options,
    );
    const stopping = withConnections(
      saying('HTTP/1.1 200 OK\r\n'),
      ({ rest }) => assert.rejects(rest.json({ path: '/' }), isReason('Timeout', /stopped in the middle/)),
      options,
    );
    await Promise.all([silent, stopping]);
  });

  it('is given up with the reason of an abort, before and while it is waited for', async () => {
    const stop = new AbortController();
    const reason = new Error('stopped');
    await withConnections(
      (socket) => socket.once('data', () => stop.abort(reason)),
      async ({ rest }) => {
        await assert.rejects(rest.json({ path: '/', signal: AbortSignal.abort(reason) }), reason);
        await assert.rejects(rest.json({ path: '/', signal: stop.signal }), reason);
      },
    );
  });

  it('takes a path that cannot be written as it is no other way than any request', async () => {
    await withHandler(
      (_request, response) => response.end('{}'),
      async ({ rest }) => {
        await assert.rejects(rest.json({ path: '/a\r\nx: y' }), /unescaped characters/);
        assert.deepEqual(await rest.json({ path: '/a' }), {});
      },
    );
  });
});
