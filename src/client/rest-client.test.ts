import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import { Readable } from 'node:stream';
import { describe, it } from 'node:test';
import { isStatusError } from '../lib/status-error.ts';
import { exitCodeOf } from './exit-code.ts';
import { readJsonLines } from './json-lines.ts';
import { resourcePath, withQuery } from './resource-path.ts';
import { reasonOfCode, ServerStatusError } from './response-status.ts';
import { RestClient } from './rest-client.ts';
import { Transport } from './transport.ts';

async function serving(
  handler: RequestListener,
  work: (rest: RestClient, warnings: string[]) => Promise<void>,
): Promise<void> {
  const server = createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const transport = new Transport({ server: `http://127.0.0.1:${port}` });
  const warnings: string[] = [];
  try {
    await work(new RestClient({ transport, onWarning: (text) => warnings.push(text) }), warnings);
  } finally {
    transport.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

async function refusalOf(work: Promise<unknown>): Promise<ServerStatusError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ServerStatusError);
  return error;
}

describe('an answer', () => {
  it('that is a Status becomes its error, with details', async () => {
    const status = {
      kind: 'Status',
      status: 'Failure',
      message: 'pods "web" not found',
      reason: 'NotFound',
      details: { name: 'web', kind: 'pods', causes: [{ reason: 'X', message: 'y', field: 'spec' }] },
      code: 404,
    };
    await serving(
      (_request, response) => response.writeHead(404).end(JSON.stringify(status)),
      async (rest) => {
        const error = await refusalOf(rest.json({ path: '/' }));
        assert.equal(error.reason, 'NotFound');
        assert.equal(error.message, 'pods "web" not found');
        assert.deepEqual(error.details, {
          name: 'web',
          kind: 'pods',
          causes: [{ reason: 'X', message: 'y', field: 'spec' }],
        });
      },
    );
  });

  it('with a reason of its own keeps it for people, and gets one of ours by its code', async () => {
    await serving(
      (_request, response) =>
        response.writeHead(504).end(JSON.stringify({ kind: 'Status', reason: 'ServerTimeout', message: 'later' })),
      async (rest) => {
        const error = await refusalOf(rest.json({ path: '/' }));
        assert.equal(error.reason, 'Timeout');
        assert.equal(error.wireReason, 'ServerTimeout');
      },
    );
  });

  it('that comes from something else than an API server is quoted', async () => {
    await serving(
      (_request, response) => response.writeHead(502).end('<html>Bad Gateway</html>'),
      async (rest) => {
        const error = await refusalOf(rest.json({ path: '/' }));
        assert.equal(error.reason, 'ServiceUnavailable');
        assert.match(error.message, /answered 502 Bad Gateway: <html>Bad Gateway<\/html>/);
      },
    );
  });

  it('of success that is no JSON is an error that says so', async () => {
    await serving(
      (_request, response) => response.end('hello'),
      (rest) => assert.rejects(rest.json({ path: '/x' }), /answered \/x with no JSON/),
    );
  });

  it('may carry warnings', async () => {
    await serving(
      (_request, response) =>
        response.setHeader('warning', ['299 - "unknown field \\"spec.x\\""', '299 - "second"']).end('{}'),
      async (rest, warnings) => {
        await rest.json({ path: '/' });
        assert.deepEqual(warnings, ['unknown field "spec.x"', 'second']);
      },
    );
  });

  for (const { code, reason } of [
    { code: 401, reason: 'Unauthorized' },
    { code: 409, reason: 'Conflict' },
    { code: 410, reason: 'Expired' },
    { code: 418, reason: 'BadRequest' },
    { code: 503, reason: 'ServiceUnavailable' },
    { code: 599, reason: 'InternalError' },
  ] as const) {
    it(`${code} without a Status means ${reason}`, () => assert.equal(reasonOfCode(code), reason));
  }
});

describe('a watch', () => {
  const signal = new AbortController().signal;

  it('delivers events however the bytes are cut', async () => {
    const text = '{"type":"ADDED","object":{"a":"ü"}}\n{"type":"MODIFIED","object":{}}\n';
    const bytes = Buffer.from(text);
    for (const size of [1, 2, 7, bytes.length]) {
      const pieces: Buffer[] = [];
      for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size));
      const lines = await Array.fromAsync(readJsonLines(Readable.from(pieces)));
      assert.deepEqual(lines, [
        { type: 'ADDED', object: { a: 'ü' } },
        { type: 'MODIFIED', object: {} },
      ]);
    }
  });

  it('throws what an ERROR event says', async () => {
    await serving(
      (_request, response) =>
        response.end('{"type":"ERROR","object":{"kind":"Status","reason":"Expired","message":"too old","code":410}}\n'),
      (rest) =>
        assert.rejects(Array.fromAsync(rest.watch({ path: '/', signal })), (error) => isStatusError(error, 'Expired')),
    );
  });

  it('throws when the connection breaks, and ends when the server closes it in order', async () => {
    let breaks = true;
    await serving(
      (request, response) => {
        response.write('{"type":"ADDED","object":{}}\n', () => (breaks ? request.socket.destroy() : response.end()));
      },
      async (rest) => {
        await assert.rejects(Array.fromAsync(rest.watch({ path: '/', signal })), (error) =>
          isStatusError(error, 'ServiceUnavailable'),
        );
        breaks = false;
        assert.equal((await Array.fromAsync(rest.watch({ path: '/', signal }))).length, 1);
      },
    );
  });

  it('ends quietly when it is aborted', async () => {
    const stop = new AbortController();
    await serving(
      (_request, response) => response.write('{"type":"ADDED","object":{}}\n'),
      async (rest) => {
        let events = 0;
        for await (const _event of rest.watch({ path: '/', signal: stop.signal })) {
          events++;
          stop.abort();
        }
        assert.equal(events, 1);
      },
    );
  });

  it('refuses a line that is no JSON', async () => {
    await assert.rejects(Array.fromAsync(readJsonLines(Readable.from([Buffer.from('oops\n')]))), /no JSON: oops/);
  });

  it('drops a last line that was cut off', async () => {
    const lines = await Array.fromAsync(readJsonLines(Readable.from([Buffer.from('{"a":1}\n{"b"')])));
    assert.deepEqual(lines, [{ a: 1 }]);
  });
});

describe('a path', () => {
  const pods = { group: '', version: 'v1', resource: 'pods' };
  const cases = [
    { parts: {}, path: '/api/v1/pods' },
    { parts: { namespace: 'a', name: 'b', subresource: 'log' }, path: '/api/v1/namespaces/a/pods/b/log' },
    { parts: { namespace: 'a/b', name: '../x' }, path: '/api/v1/namespaces/a%2Fb/pods/..%2Fx' },
  ];
  for (const { parts, path } of cases) {
    it(`of ${JSON.stringify(parts)} is ${path}`, () => assert.equal(resourcePath(pods, parts), path));
  }

  it('of a named group stands below /apis', () => {
    assert.equal(
      resourcePath({ group: 'apps', version: 'v1', resource: 'deployments' }, { name: 'web' }),
      '/apis/apps/v1/deployments/web',
    );
  });

  it('carries a query in which lists repeat their key and nothing is left empty', () => {
    assert.equal(
      withQuery('/x', { command: ['echo', 'a  b', '&'], tty: false, container: undefined, continue: '' }),
      '/x?command=echo&command=a++b&command=%26&tty=false',
    );
  });
});

describe('the exit code of a remote command', () => {
  const failed = (causes: unknown) => ({
    status: 'Failure',
    reason: 'NonZeroExitCode',
    message: 'm',
    details: { causes },
  });

  it('is 0 for success', () => assert.equal(exitCodeOf({ status: 'Success' }), 0));
  it('is what the ExitCode cause says', () => {
    assert.equal(exitCodeOf(failed([{ reason: 'ExitCode', message: '42' }])), 42);
  });
  it('is an error when the command could not run', () => {
    assert.throws(() => exitCodeOf({ status: 'Failure', reason: 'InternalError', message: 'no sh' }), /no sh/);
    assert.throws(() => exitCodeOf(failed([{ reason: 'ExitCode', message: 'many' }])));
    assert.throws(() => exitCodeOf({}));
  });
});
