import assert from 'node:assert/strict';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import type { TlsOptions } from 'node:tls';
import { selfSigned } from '../../../test/support/self-signed.ts';
import { isStatusError } from '../../lib/status-error.ts';
import { pairWith } from './pair-with.ts';

const { signal } = new AbortController();

/** A server that gives one answer to everything; its address. */
async function serve(test: TestContext, code: number, body: string, options: TlsOptions = {}): Promise<string> {
  const server = createServer({ ...(await selfSigned()), ...options }, (request, response) => {
    request.resume().on('end', () => response.writeHead(code, { 'content-type': 'application/json' }).end(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  test.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const failure = (server: string): Promise<unknown> =>
  pairWith(server, 'k7m4x2qp', 'anna', signal).then(
    () => undefined,
    (error: unknown) => error,
  );

describe('pairing with something that is no device', () => {
  it('ends at a version of TLS whose connections cannot be told apart', async (test) => {
    const server = await serve(test, 200, '{}', { maxVersion: 'TLSv1.2' });
    assert.match(String(await failure(server)), /^NotTheDevice: whoever answered does not speak TLS 1.3$/);
  });

  it('ends at an answer that belongs to no exchange', async (test) => {
    for (const body of ['{}', '{"share":""}', '{"share":5}', `{"share":"${Buffer.alloc(32).toString('base64')}"}`]) {
      const server = await serve(test, 200, body);
      assert.match(String(await failure(server)), /^NotTheDevice: whoever answered does not take part/, body);
    }
  });

  it('says what it is when it is another server', async (test) => {
    for (const code of [401, 404]) {
      const error = await failure(await serve(test, code, 'nothing here'));
      assert.ok(isStatusError(error, 'NotFound'));
      assert.match(error.message, /does not pair: it is no eliotd, or one of an older version$/);
    }
  });
});
