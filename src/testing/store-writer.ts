/**
 * A process that writes to a store until it is killed: `node store-writer.ts DIRECTORY BOOT_ID PREFIX`.
 *
 * It says on stdout, a line each and before it goes on: `try KEY`, `put KEY REVISION`, `remove KEY`, `removed KEY`.
 */
import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { createSystemClock } from '../lib/clock.ts';
import { silentLogger } from '../lib/logger.ts';
import { openSqliteStore } from '../store/sqlite-open.ts';

const [directory = '', bootId = '', prefix = ''] = process.argv.slice(2);
const { store } = await openSqliteStore({
  intentPath: join(directory, 'eliot.db'),
  volatilePath: join(directory, 'volatile.db'),
  bootId,
  clock: createSystemClock(),
  log: silentLogger,
});

/** At once, not when the event loop has time: what was said must have reached the parent. */
const say = (line: string): number => writeSync(1, `${line}\n`);

async function write(writer: number): Promise<never> {
  for (let i = 0; ; i++) {
    const key = `${prefix}/${writer}/${i}`;
    say(`try ${key}`);
    const entry = await store.put({ key, intent: `intent of ${key}`, observation: `seen of ${key}`, expected: 0 });
    if (entry === 'Conflict') throw new Error(`conflict on ${key}`);
    say(`put ${key} ${entry.revision}`);
    if (i % 3 !== 0) continue;
    say(`remove ${key}`);
    await store.delete(key, entry.revision);
    say(`removed ${key}`);
  }
}

await Promise.all([0, 1, 2, 3].map(write));
