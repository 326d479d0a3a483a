/** A large file whose connection breaks while it is on its way. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { SyncPair, until } from '../../testing/sync-pair.ts';

const size = 24 * 1024 * 1024;
const most = 1.3 * size;

describe('a large file whose connection breaks', () => {
  let pair: SyncPair;
  let content: Buffer;
  beforeEach(() => {
    pair = new SyncPair();
    content = randomBytes(size);
    writeFileSync(join(pair.here, 'model'), content);
  });
  afterEach(() => pair.close());

  const there = (): Buffer => readFileSync(join(pair.there, 'model'));
  const keptParts = (): string[] => (existsSync(pair.staging) ? readdirSync(pair.staging) : []);

  /** Until the connection broke once more, and the device has noticed. */
  async function broken(): Promise<void> {
    await until('the end of the connection', () => pair.cutAtBytes === Number.POSITIVE_INFINITY);
    await until('the part', () => keptParts().some((name) => name.startsWith('part-')));
  }

  it('goes on where it was', async () => {
    pair.cutAtBytes = size / 3;
    const { first } = pair.start();
    await broken();
    pair.cutAtBytes = pair.uploadedBytes + size / 3;
    await broken();
    await first;
    assert.ok(there().equals(content));
    assert.equal(pair.connections, 3);
    assert.ok(pair.uploadedBytes < most, `${pair.uploadedBytes / size} of the file`);
    assert.deepEqual(readdirSync(pair.there), ['model']);
  });

  it('goes on where it was when the file on the device is to be replaced', async () => {
    writeFileSync(join(pair.there, 'model'), randomBytes(size));
    pair.cutAtBytes = size / 2;
    await pair.start().first;
    assert.ok(there().equals(content));
    assert.ok(pair.uploadedBytes < most, `${pair.uploadedBytes / size} of the file`);
  });

  it('goes on in another session, when eli had to be started again', async () => {
    pair.cutAtBytes = size / 2;
    pair.start();
    await until('the end of the connection', () => pair.cutAtBytes === Number.POSITIVE_INFINITY);
    pair.isReachable = false;
    await broken();
    await pair.session.close();
    pair.isReachable = true;
    await pair.start().first;
    assert.ok(there().equals(content));
    assert.ok(pair.uploadedBytes < most, `${pair.uploadedBytes / size} of the file`);
  });

  it('is sent but for what had come when it was changed meanwhile', async () => {
    pair.cutAtBytes = size / 2;
    const { first } = pair.start();
    await until('the end of the connection', () => pair.cutAtBytes === Number.POSITIVE_INFINITY);
    const changed = Buffer.concat([Buffer.from('in front'), content]);
    changed.fill(7, 3_000_000, 3_001_000);
    writeFileSync(join(pair.here, 'model'), changed);
    await first;
    assert.ok(there().equals(changed));
    assert.ok(pair.uploadedBytes < most, `${pair.uploadedBytes / size} of the file`);
  });

  it('leaves nothing behind when it is not wanted any longer', async () => {
    pair.cutAtBytes = size / 2;
    const { first } = pair.start();
    await until('the end of the connection', () => pair.cutAtBytes === Number.POSITIVE_INFINITY);
    rmSync(join(pair.here, 'model'));
    await first;
    await pair.session.close();
    await until('the end of the part', () => keptParts().length === 0);
    assert.deepEqual(readdirSync(pair.there), []);
  });
});
