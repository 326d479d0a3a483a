import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { createDurableLogs } from './durable-log.ts';

describe('a durable log', () => {
  const directory = mkdtempSync(join(tmpdir(), 'eliot-durable-'));
  after(() => rmSync(directory, { recursive: true }));
  const logs = createDurableLogs();

  it('grows by whole lines, for its owner only', async () => {
    const path = join(directory, 'new/a.log');
    assert.equal(await logs.size(path), 0);
    await logs.append(path, 'one\n');
    await logs.append(path, 'two\nthree\n');
    assert.equal(readFileSync(path, 'utf8'), 'one\ntwo\nthree\n');
    assert.equal(await logs.size(path), 14);
    assert.equal(statSync(path).mode & 0o777, 0o600);
  });

  it('ends a line that a power cut left unfinished', async () => {
    const path = join(directory, 'b.log');
    writeFileSync(path, 'one\ntw');
    await logs.append(path, 'three\n');
    assert.equal(readFileSync(path, 'utf8'), 'one\ntw\nthree\n');
  });

  it('can be moved and removed, also when it is not there', async () => {
    const [from, to] = [join(directory, 'c.log'), join(directory, 'c.log.1')];
    await logs.rename(from, to);
    await logs.append(from, 'one\n');
    await logs.rename(from, to);
    assert.equal(readFileSync(to, 'utf8'), 'one\n');
    await logs.remove(to);
    await logs.remove(to);
    assert.equal(await logs.size(to), 0);
  });

  it('says why it cannot be written', async () => {
    writeFileSync(join(directory, 'file'), '');
    await assert.rejects(logs.append(join(directory, 'file/d.log'), 'x\n'), { code: /ENOTDIR|EEXIST/ });
  });
});
