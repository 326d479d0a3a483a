/** Real processes, really killed: what was acknowledged is there. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, it } from 'node:test';
import { StoreDirectory } from '../testing/store-directory.ts';

const writer = join(import.meta.dirname, '../testing/store-writer.ts');
const rounds = 8;

/** Starts a writer, kills it after it has said `lines` lines, and gives all it said. */
async function writeUntilKilled(directory: StoreDirectory, prefix: string, lines: number): Promise<string[]> {
  const child = spawn(process.execPath, [writer, directory.path, directory.bootId, prefix], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const said: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    said.push(line);
    if (said.length === lines) child.kill('SIGKILL');
  }
  const [, signal] = await exited;
  assert.equal(signal, 'SIGKILL');
  return said;
}

describe('a store whose process is killed while it writes', () => {
  it(`has every acknowledged write, ${rounds} times over`, async () => {
    const directory = new StoreDirectory();
    /** What must be there: a revision; what must not: 'removed'; what may or may not: 'open'. */
    const facts = new Map<string, number | 'removed' | 'open'>();
    let highest = 0;
    try {
      for (let round = 0; round < rounds; round++) {
        const moment = 1 + Math.floor(Math.random() * 400);
        for (const line of await writeUntilKilled(directory, `pods/${round}`, moment)) {
          const [word, key = '', revision] = line.split(' ');
          if (word === 'put') {
            facts.set(key, Number(revision));
            highest = Math.max(highest, Number(revision));
          } else facts.set(key, word === 'removed' ? 'removed' : 'open');
        }
        const { store, recovered } = await directory.open();
        assert.equal(recovered, false);
        assert.ok(store.revision() >= highest, `round ${round}, killed after ${moment} lines`);
        for (const [key, fact] of facts) {
          const entry = await store.get(key);
          if (fact === 'removed') assert.equal(entry, undefined, key);
          if (entry !== undefined) assert.equal(entry.intent, `intent of ${key}`);
          if (typeof fact !== 'number') continue;
          // A write that nobody was told of may lack its observation: the two files are committed one after the other.
          assert.deepEqual([entry?.revision, entry?.observation], [fact, `seen of ${key}`], key);
        }
        for (const { key } of (await store.list('')).entries) assert.ok(facts.has(key), `${key} was never written`);
        await store.close();
      }
    } finally {
      directory.remove();
    }
  });
});
