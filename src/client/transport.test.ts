import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import { issueCertificates } from '../agent/pki/issue-certificates.ts';
import { clientRequest, openPki, type Pki } from '../agent/pki/pki.ts';
import { isStatusError } from '../lib/status-error.ts';
import { RestClient } from './rest-client.ts';
import { Transport, type TransportOptions } from './transport.ts';

interface Listening {
  readonly port: number;
  close(): Promise<void>;
}

/** Listens on a free port of the loopback; `close` also ends what is open. */
async function listen(server: Server): Promise<Listening> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

async function withHttp(
  handler: RequestListener,
  work: (rest: RestClient, port: number) => Promise<void>,
  options: Partial<TransportOptions> = {},
): Promise<void> {
  const server = await listen(createServer(handler));
  const transport = new Transport({ server: `http://127.0.0.1:${server.port}`, ...options });
  try {
    await work(new RestClient({ transport }), server.port);
  } finally {
    transport.close();
    await server.close();
  }
}

describe('a transport', () => {
  it('keeps its connection for the next request', async () => {
    const ports = new Set<number | undefined>();
    await withHttp(
      (request, response) => {
        ports.add(request.socket.remotePort);
        response.end('{}');
      },
      async (rest) => {
        for (let index = 0; index < 3; index++) await rest.json({ path: '/' });
      },
    );
    assert.equal(ports.size, 1);
  });

  it('makes a new connection when it was told to forget those that are idle', async () => {
    const ports = new Set<number | undefined>();
    await withHttp(
      (request, response) => {
        ports.add(request.socket.remotePort);
        response.end('{}');
      },
      async (rest) => {
        await rest.json({ path: '/a' });
        rest.transport.closeIdle();
        await rest.json({ path: '/b' });
      },
    );
    assert.equal(ports.size, 2);
  });

  it('asks once more when the server closed a kept connection, but never repeats a write', async () => {
    let closeNext = false;
    const seen: string[] = [];
    await withHttp(
      (request, response) => {
        seen.push(request.method ?? '');
        if (closeNext) {
          closeNext = false;
          request.socket.destroy();
          return;
        }
        request.resume().on('end', () => response.end('{}'));
      },
      async (rest) => {
        await rest.json({ path: '/' });
        closeNext = true;
        await rest.json({ path: '/' });
        closeNext = true;
        await assert.rejects(rest.json({ method: 'POST', path: '/', body: {} }), (error) =>
          isStatusError(error, 'ServiceUnavailable'),
        );
      },
    );
    assert.deepEqual(seen, ['GET', 'GET', 'GET', 'POST']);
  });

  it('sends paths below the prefix of the server address, and the token', async () => {
    let asked: { url: string | undefined; authorization: string | undefined } | undefined;
    const server = await listen(
      createServer((request, response) => {
        asked = { url: request.url, authorization: request.headers.authorization };
        response.end('{}');
      }),
    );
    const transport = new Transport({ server: `http://127.0.0.1:${server.port}/devices/pi/`, token: 'secret' });
    await new RestClient({ transport }).json({ path: '/api/v1/pods', query: { limit: 5, watch: undefined } });
    assert.deepEqual(asked, { url: '/devices/pi/api/v1/pods?limit=5', authorization: 'Bearer secret' });
    transport.close();
    await server.close();
  });

  it('talks through a unix socket', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'eliot-transport-'));
    const path = join(directory, 'a.sock');
    const server = createServer((request, response) => response.end(JSON.stringify({ url: request.url })));
    await new Promise<void>((resolve) => server.listen(path, resolve));
    const transport = new Transport({ server: `unix:${path}` });
    assert.deepEqual(await new RestClient({ transport }).json({ path: '/version' }), { url: '/version' });
    transport.close();
    await new Promise((resolve) => server.close(resolve));
    rmSync(directory, { recursive: true });
  });

  it('gives up on a server that accepts but does not answer', async () => {
    await withHttp(
      () => {},
      async (rest) => {
        await assert.rejects(rest.json({ path: '/' }), (error) => {
          assert.ok(isStatusError(error, 'Timeout'));
          assert.match(error.message, /did not answer within 0.05 s/);
          return true;
        });
      },
      { headerTimeoutMs: 50 },
    );
  });

  it('waits longer where the server has long work to do', async () => {
    await withHttp(
      (_request, response) => setTimeout(() => response.end('{}'), 100),
      async (rest) => {
        assert.deepEqual(await rest.json({ path: '/', answerTimeoutMs: 5_000 }), {});
      },
      { headerTimeoutMs: 50 },
    );
  });

  it('sends a stream as it comes, and fails with it', async () => {
    await withHttp(
      async (request, response) => {
        let size = 0;
        for await (const chunk of request) size += (chunk as Buffer).length;
        response.end(JSON.stringify({ size, type: request.headers['content-type'] }));
      },
      async (rest) => {
        const send = (stream: Readable): Promise<unknown> =>
          rest.json({ method: 'POST', path: '/', contentType: 'application/x-tar', stream });
        const chunks = Array.from({ length: 64 }, () => Buffer.alloc(64 * 1024));
        assert.deepEqual(await send(Readable.from(chunks)), { size: 64 * 64 * 1024, type: 'application/x-tar' });
        const failing = new Readable({ read() {} });
        setImmediate(() => failing.destroy(new Error('disk trouble')));
        await assert.rejects(send(failing), /disk trouble/);
      },
    );
  });

  it('says what it wants before the source of its body has said anything', async () => {
    const asked = Promise.withResolvers<string | undefined>();
    await withHttp(
      (request, response) => {
        asked.resolve(request.url);
        request.resume().on('end', () => response.end('{}'));
      },
      async (rest) => {
        const stream = new Readable({ read() {} });
        const answer = rest.json({ method: 'POST', path: '/late', contentType: 'application/x-tar', stream });
        assert.equal(await asked.promise, '/late');
        stream.push('x');
        stream.push(null);
        assert.deepEqual(await answer, {});
      },
    );
  });

  it('gives up on a TLS handshake that does not come to an end', async () => {
    const server = await listen(createTcpServer(() => {}));
    const transport = new Transport({ server: `https://127.0.0.1:${server.port}`, connectTimeoutMs: 50 });
    await assert.rejects(new RestClient({ transport }).json({ path: '/' }), (error) => {
      assert.ok(isStatusError(error, 'Timeout'));
      assert.match(error.message, /no connection within 0.05 s - is the device on/);
      return true;
    });
    await server.close();
  });

  it('gives up on an answer that stops in the middle', async () => {
    await withHttp(
      (_request, response) => {
        response.setHeader('content-length', 100);
        response.write('{"half"');
      },
      (rest) =>
        assert.rejects(rest.json({ path: '/' }), (error) => {
          assert.ok(isStatusError(error, 'Timeout'));
          assert.match(error.message, /stopped in the middle/);
          return true;
        }),
      // Long enough for the head of the answer on a busy machine.
      { headerTimeoutMs: 1_000 },
    );
  });

  it('does not give up on a watch that is silent', async () => {
    await withHttp(
      (_request, response) => {
        response.flushHeaders();
        setTimeout(() => response.end('{"type":"ADDED","object":{}}\n'), 120);
      },
      async (rest) => {
        const events = await Array.fromAsync(rest.watch({ path: '/', signal: new AbortController().signal }));
        assert.equal(events.length, 1);
      },
      { headerTimeoutMs: 50 },
    );
  });

  it('rejects with the reason of an abort, before and during a request', async () => {
    const reason = new Error('stopped');
    await withHttp(
      () => {},
      async (rest) => {
        await assert.rejects(rest.json({ path: '/', signal: AbortSignal.abort(reason) }), reason);
        const stop = new AbortController();
        const asked = rest.json({ path: '/', signal: stop.signal });
        stop.abort(reason);
        await assert.rejects(asked, reason);
      },
    );
  });

  it('refuses an address that is none', () => {
    assert.throws(() => new Transport({ server: 'pi:6443' }), /"pi:6443" is no server address/);
  });
});

describe('a transport over TLS', () => {
  const directory = mkdtempSync(join(tmpdir(), 'eliot-transport-'));
  let pki: Pki;
  let server: Listening;
  let seen: string | undefined;

  before(async () => {
    pki = await openPki(
      { dataDir: directory, nodeName: 'pi', dnsNames: ['localhost'], ips: ['127.0.0.1'], issue: issueCertificates },
      AbortSignal.timeout(30_000),
    );
    const tls = { ...pki.server, ca: pki.ca.cert, requestCert: true, rejectUnauthorized: false };
    server = await listen(
      createHttpsServer(tls, (request, response) => {
        const { subject } = (request.socket as import('node:tls').TLSSocket).getPeerCertificate();
        seen = String(subject?.CN);
        response.end('{}');
      }),
    );
  });
  after(async () => {
    await server.close();
    rmSync(directory, { recursive: true });
  });

  const ask = async (options: Partial<TransportOptions>): Promise<unknown> => {
    const transport = new Transport({ server: `https://127.0.0.1:${server.port}`, ...options });
    try {
      return await new RestClient({ transport }).json({ path: '/' });
    } finally {
      transport.close();
    }
  };
  const refusal = async (options: Partial<TransportOptions>): Promise<string> => {
    const error = await ask(options).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    assert.ok(isStatusError(error));
    return error.message;
  };

  it('trusts the authority it was given and shows its certificate', async () => {
    await ask({ ca: pki.ca.cert, ...pki.admin });
    assert.equal(seen, 'eliot-admin');
  });

  it('says that a server was signed by somebody else', async () => {
    assert.match(await refusal({}), /certificate is not signed by the authority that the kubeconfig names/);
  });

  it('says that a certificate is for other addresses, unless the name is told', async () => {
    assert.match(await refusal({ ca: pki.ca.cert, serverName: 'elsewhere' }), /certificate is for other addresses/);
    await ask({ ca: pki.ca.cert, serverName: 'localhost' });
  });

  it('says which protocol the server chose, and uses that connection for the next request', async () => {
    let connections = 0;
    const choosing = await listen(
      createHttpsServer({ ...pki.server, ALPNProtocols: ['a', 'b'] }, (_request, response) => response.end('{}')).on(
        'secureConnection',
        () => connections++,
      ),
    );
    const transport = new Transport({ server: `https://127.0.0.1:${choosing.port}`, ca: pki.ca.cert });
    assert.equal(await transport.negotiate(['x', 'b']), 'b');
    for (let index = 0; index < 2; index++) await new RestClient({ transport }).json({ path: '/' });
    assert.equal(connections, 1);
    transport.close();
    await choosing.close();
  });

  it('chooses nothing without TLS', async () => {
    const plain = new Transport({ server: 'http://127.0.0.1:1' });
    assert.equal(await plain.negotiate(['http/1.1']), undefined);
  });

  it('negotiates with nobody whom it does not trust, and not for ever', async () => {
    const stranger = new Transport({ server: `https://127.0.0.1:${server.port}` });
    await assert.rejects(stranger.negotiate(['http/1.1']), /not signed by the authority/);
    const silent = await listen(createTcpServer(() => {}));
    const address = `https://127.0.0.1:${silent.port}`;
    await assert.rejects(new Transport({ server: address, connectTimeoutMs: 50 }).negotiate(['a']), (error) =>
      isStatusError(error, 'Timeout'),
    );
    const stop = new AbortController();
    const reason = new Error('stopped');
    const asked = new Transport({ server: address }).negotiate(['a'], stop.signal);
    stop.abort(reason);
    await assert.rejects(asked, reason);
    await silent.close();
  });

  it('trusts anybody only when told so', async () => {
    await ask({ insecureSkipTlsVerify: true });
  });

  it('says that certificate and key do not belong together', async () => {
    const made = await issueCertificates({ ca: pki.ca, authorityName: 'x', requests: { a: clientRequest('a', []) } });
    assert.match(
      await refusal({ ca: pki.ca.cert, cert: pki.admin.cert, key: made.issued['a']?.key ?? '' }),
      /do not belong together/,
    );
  });

  it('says that the server does not speak TLS', async () => {
    const plain = await listen(createServer((_request, response) => response.end()));
    assert.match(await refusal({ server: `https://127.0.0.1:${plain.port}` }), /does not speak TLS|handshake failed/);
    await plain.close();
  });

  it('names the address and what to do when nobody listens', async () => {
    const gone = await listen(createTcpServer());
    await gone.close();
    assert.equal(
      await refusal({ server: `https://127.0.0.1:${gone.port}` }),
      `cannot reach https://127.0.0.1:${gone.port}: connection refused - is eliotd running there, and is the port right?`,
    );
    assert.match(await refusal({ server: 'unix:/nonexistent/a.sock' }), /no such socket - is eliotd running/);
  });
});
