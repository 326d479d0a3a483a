import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { answerClientError } from './client-error.ts';

describe('what is no HTTP', () => {
  const server = createServer({ maxHeaderSize: 1_024 });
  server.on('clientError', answerClientError);
  before(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
  after(() => server.close());

  async function send(text: string): Promise<{ readonly head: string; readonly body: string }> {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    socket.write(text);
    let answer = '';
    for await (const chunk of socket) answer += String(chunk);
    const end = answer.indexOf('\r\n\r\n');
    return { head: answer.slice(0, end), body: answer.slice(end + 4) };
  }

  for (const { what, text, code, reason } of [
    { what: 'a line of nonsense', text: 'NONSENSE\r\n\r\n', code: 400, reason: 'BadRequest' },
    { what: 'a path without its slash', text: 'GET api HTTP/1.1\r\n\r\n', code: 400, reason: 'BadRequest' },
    {
      what: 'a header without end',
      text: `GET / HTTP/1.1\r\nA: ${'a'.repeat(2_000)}`,
      code: 431,
      reason: 'RequestHeaderFieldsTooLarge',
    },
  ]) {
    it(`is answered by a Status, and the connection ends: ${what}`, async () => {
      const { head, body } = await send(text);
      assert.match(head, new RegExp(`^HTTP/1.1 ${code} `));
      assert.match(head, /\r\nConnection: close(\r\n|$)/);
      const status = JSON.parse(body) as Readonly<Record<string, unknown>>;
      assert.deepEqual([status['kind'], status['code'], status['reason']], ['Status', code, reason]);
    });
  }

  it('has no body in its answer when it was a HEAD', async () => {
    const { head, body } = await send('HEAD nowhere HTTP/1.1\r\n\r\n');
    assert.match(head, /^HTTP\/1.1 400 Bad Request\r\n/);
    assert.equal(body, '');
  });
});
