import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import { isStatusError } from '../lib/status-error.ts';
import { talkToChild } from './talk-to-child.ts';

/** Says what it was asked, then how much came on stdin; then waits for an answer, which it says again. */
const echo = `
process.once('disconnect', () => process.exit(7));
process.once('message', async (question) => {
  process.send({ question });
  let bytes = 0;
  for await (const piece of process.stdin) bytes += piece.length;
  process.once('message', (answer) => process.send({ answer }, () => process.exit(0)));
  process.send({ bytes });
});
`;

describe('a child that is talked with', () => {
  let directory: string;
  const signal = new AbortController().signal;
  const program = (): string => join(directory, 'echo.mjs');
  const talk = (
    onMessage: (message: unknown) => Promise<unknown>,
    input?: Readable,
    stopping = signal,
  ): Promise<void> =>
    talkToChild({ node: process.execPath, program: program(), question: 'why', input }, onMessage, stopping);

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'eliot-talk-'));
    await writeFile(program(), echo);
  });
  after(() => rm(directory, { recursive: true }));

  it('hears the question, the input and the answer', async () => {
    const said: unknown[] = [];
    const input = Readable.from([Buffer.alloc(1_000_000), Buffer.alloc(5)]);
    await talk(async (message) => {
      said.push(message);
      return typeof message === 'object' && message !== null && 'bytes' in message ? 'because' : undefined;
    }, input);
    assert.deepEqual(said, [{ question: 'why' }, { bytes: 1_000_005 }, { answer: 'because' }]);
  });

  it('ends when nobody wants to hear more of it, with what was thrown', async () => {
    const enough = new Error('enough');
    const never = new Readable({ read: () => {} });
    await assert.rejects(
      talk(async () => Promise.reject(enough), never),
      enough,
    );
    await assert.rejects(
      talk(async () => Promise.reject(enough), Readable.from([Buffer.alloc(10_000_000)])),
      enough,
    );
  });

  it('is told of an input that breaks off as of its end', async () => {
    const broken = new Readable({ read: () => {} });
    broken.push(Buffer.alloc(10));
    const said: unknown[] = [];
    setTimeout(() => broken.destroy(), 100);
    await talk(async (message) => {
      said.push(message);
      return said.length === 2 ? 'yes' : undefined;
    }, broken);
    assert.deepEqual(said[1], { bytes: 10 });
  });

  it('ends with the reason of the abort', async () => {
    const stop = new AbortController();
    const reason = new Error('going down');
    const talking = talk(async () => stop.abort(reason), new Readable({ read: () => {} }), stop.signal);
    await assert.rejects(talking, reason);
  });

  it('that fails says what it printed last', async () => {
    await writeFile(join(directory, 'bad.mjs'), 'throw new Error("no such luck")');
    const bad = { node: process.execPath, program: join(directory, 'bad.mjs'), question: '' };
    const talking = talkToChild(bad, async () => undefined, signal);
    await assert.rejects(
      talking,
      (error) => isStatusError(error, 'InternalError') && /no such luck/.test(error.message),
    );
    const missing = talkToChild({ ...bad, node: '/no/node' }, async () => undefined, signal);
    await assert.rejects(missing, /ENOENT/);
  });
});
