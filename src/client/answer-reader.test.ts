import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { AnswerReader, AnswerTooLarge, BadAnswer, type WholeAnswer } from './answer-reader.ts';

interface Read {
  readonly answer: WholeAnswer | undefined;
  readonly surplusBytes: number;
}

/** Takes `text` in pieces of `size` bytes. */
function read(text: string, size = text.length, maxBytes = 1_000): Read {
  const reader = new AnswerReader(maxBytes);
  const bytes = Buffer.from(text);
  let answer: WholeAnswer | undefined;
  for (let at = 0; at < bytes.length; at += size) answer = reader.take(bytes.subarray(at, at + size));
  return { answer, surplusBytes: reader.surplusBytes };
}

const sized = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: 1\r\nx-a:2 \r\n\r\nhello';
const chunked =
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;a=b\r\nlo\r\n0\r\nX-Later: yes\r\n\r\n';
const empty = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n';

describe('an answer', () => {
  for (const [what, text, body] of [
    ['that tells its length', sized, 'hello'],
    ['in chunks', chunked, 'hello'],
    ['in no chunk', empty, ''],
    ['of no length', 'HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n', ''],
    ['that has no body', 'HTTP/1.1 204\r\n\r\n', ''],
    ['after one that says to wait', `HTTP/1.1 100 Continue\r\n\r\n${sized}`, 'hello'],
  ] as const) {
    it(`${what} is whole at its last byte, however it is cut`, () => {
      for (let size = 1; size <= text.length; size++) {
        assert.equal(read(text.slice(0, -1), size).answer, undefined, `pieces of ${size}`);
        const { answer, surplusBytes } = read(text, size);
        assert.equal(answer?.body.toString(), body, `pieces of ${size}`);
        assert.equal(surplusBytes, 0);
      }
    });
  }

  it('has its status and its headers, repeated ones joined', () => {
    const { answer } = read(sized);
    assert.deepEqual([answer?.statusCode, answer?.statusMessage], [200, 'OK']);
    assert.deepEqual(
      [...(answer?.headers ?? [])],
      [
        ['content-length', '5'],
        ['x-a', '1, 2'],
      ],
    );
  });

  it('shows that more came than was asked for', () => {
    assert.equal(read(`${sized}more`).surplusBytes, 4);
    assert.equal(read(`${chunked}more`).surplusBytes, 4);
  });

  for (const [what, text] of [
    ['no HTTP', 'SSH-2.0-OpenSSH_9.6\r\n\r\n'],
    ['another version', 'HTTP/2 200 OK\r\ncontent-length: 0\r\n\r\n'],
    ['a status that is none', 'HTTP/1.1 000 OK\r\ncontent-length: 0\r\n\r\n'],
    ['no length', 'HTTP/1.1 200 OK\r\n\r\nhello'],
    ['two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello'],
    ['a negative length', 'HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\nhello'],
    ['a length and chunks', 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['another coding', 'HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n'],
    ['a header with a space in its name', 'HTTP/1.1 200 OK\r\ncontent-length : 5\r\n\r\nhello'],
    ['a header on two lines', 'HTTP/1.1 200 OK\r\nx: a\r\n b\r\ncontent-length: 0\r\n\r\n'],
    ['a chunk of no length', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxy\r\nhello\r\n'],
    ['a chunk longer than it said', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nhello\r\n'],
    ['a head without an end', `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(20_000)}`],
    ['a head that is too long', `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`],
    ['a chunk line without an end', `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1;${'y'.repeat(300)}`],
  ] as const) {
    it(`with ${what} is none`, () => {
      for (const size of [1, text.length]) assert.throws(() => read(text, size), BadAnswer);
    });
  }

  it('is refused as soon as it says that it is too large', () => {
    const head = 'HTTP/1.1 200 OK\r\n';
    assert.throws(() => read(`${head}content-length: 1001\r\n\r\n`), AnswerTooLarge);
    assert.throws(
      () => read(`${head}transfer-encoding: chunked\r\n\r\n3e8\r\n${'x'.repeat(1000)}\r\n1\r\n`),
      AnswerTooLarge,
    );
  });
});
