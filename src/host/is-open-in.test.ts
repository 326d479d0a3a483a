import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { isOpenIn } from './is-open-in.ts';

describe('a file that a program has open', () => {
  const directory = mkdtempSync(join(tmpdir(), 'eliot-open-'));
  after(() => rmSync(directory, { recursive: true }));

  it('is found under another name, until the program ends; other programs and files do not count', async () => {
    const path = join(directory, '0.log');
    const other = join(directory, 'other');
    writeFileSync(other, '');
    const child = spawn('sh', ['-c', `exec 3>>${path}; echo open; read line`], { stdio: ['pipe', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    const file = statSync(path);
    renameSync(path, `${path}.1`);
    assert.equal(await isOpenIn('sh', file), true);
    assert.equal(await isOpenIn('containerd', file), false);
    assert.equal(await isOpenIn('sh', statSync(other)), false);
    child.stdin.end();
    await once(child, 'close');
    assert.equal(await isOpenIn('sh', file), false);
  });
});
