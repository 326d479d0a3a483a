import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { TreePlaces } from '../../lib/tree/tree-places.ts';
import { TreeWriter } from '../../lib/tree/tree-writer.ts';
import { FetchedFile } from './fetch-file.ts';

describe('a file that comes from the device', () => {
  let root: string;
  let places: TreePlaces;
  let file: FetchedFile;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'eliot-fetch-'));
    places = new TreePlaces(root);
    file = new FetchedFile('a', new TreeWriter({ places, now: () => 0 }));
  });
  afterEach(() => {
    places.close();
    rmSync(root, { recursive: true });
  });

  const begin = (size: number): void => file.begin({ kind: 'file', mode: 0o640, size, mtimeMs: 5_000 });
  const bytesHere = (): number =>
    readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((each) => each.isFile())
      .reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);

  it('is there when it is whole, as it was there', () => {
    begin(5);
    file.add(Buffer.from('he'));
    file.add(Buffer.from('llo'));
    assert.deepEqual(file.finish(undefined), { kind: 'file', mode: 0o640, size: 5, mtimeMs: 5_000 });
    assert.equal(readFileSync(join(root, 'a'), 'utf8'), 'hello');
  });

  it('takes no more of the disk than was announced, however much comes', () => {
    begin(5);
    for (let index = 0; index < 100; index += 1) {
      file.add(Buffer.alloc(1_000));
      assert.ok(bytesHere() <= 5, `${bytesHere()} bytes`);
    }
    assert.throws(() => file.finish(undefined), /a: more came than was announced/);
    assert.equal(bytesHere(), 0);
  });

  it('is not there when less came, or nothing was announced', () => {
    assert.throws(() => file.finish(undefined), /a: it did not come whole/);
    begin(5);
    file.add(Buffer.from('he'));
    assert.throws(() => file.finish(undefined), /a: it did not come whole/);
    assert.equal(bytesHere(), 0);
  });

  it('leaves nothing behind when the device begins it twice', () => {
    begin(5);
    begin(5);
    file.drop();
    assert.equal(bytesHere(), 0);
    assert.deepEqual(
      readdirSync(root, { recursive: true, withFileTypes: true }).filter((each) => each.isFile()),
      [],
    );
  });
});
