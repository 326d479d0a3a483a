import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Logger } from '../lib/logger.ts';
import { StatusError } from '../lib/status-error.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { listenLater } from './listen-later.ts';

const address = { host: '192.0.2.7', port: 6443 };
const refusal = (code: string): StatusError =>
  new StatusError('InternalError', code, { cause: Object.assign(new Error(code), { code }) });

describe('an address that is not there yet', () => {
  const start = (answers: (StatusError | undefined)[]) => {
    const clock = new FakeClock();
    const said: string[] = [];
    const say = (text: string): void => void said.push(text);
    const log = { debug: say, info: say, warn: say, error: say } as unknown as Logger;
    const stop = new AbortController();
    let tries = 0;
    const server = {
      listenAlso: async () => {
        const answer = answers[tries];
        tries += 1;
        if (answer) throw answer;
      },
    };
    const ended = listenLater({ server, clock, log }, address, stop.signal);
    const pass = async (ms: number): Promise<void> => {
      await nextTurn();
      clock.advance(ms);
      await nextTurn();
    };
    return { said, stop, ended, pass, tries: () => tries };
  };

  it('is listened at once it is there', async () => {
    const { said, ended, pass, tries } = start([refusal('EADDRNOTAVAIL'), refusal('EADDRNOTAVAIL'), undefined]);
    for (let count = 0; count < 3; count += 1) await pass(2_000);
    await ended;
    assert.equal(tries(), 3);
    assert.equal(said.length, 2);
    assert.equal(said[1], 'listening');
  });

  it('is told of once for each reason', async () => {
    const { said, stop, ended, pass } = start(Array.from({ length: 9 }, () => refusal('EADDRINUSE')));
    for (let count = 0; count < 4; count += 1) await pass(2_000);
    assert.equal(said.length, 2);
    stop.abort();
    await ended;
  });
});
