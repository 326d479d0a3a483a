import assert from 'node:assert/strict';
import { appendFile, lstat, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { createLogFiles } from '../../../host/log-files.ts';
import { holdLog, isHeld, type RotateDeps, resumeLog, rotateLog } from './rotate-log.ts';

const noon = Date.UTC(2026, 0, 2, 12, 0, 0);
const why = { sinceMs: noon, bytesPerSecond: 10 };

describe('rotation of a log', () => {
  let directory: string;
  let path: string;
  const files = createLogFiles('nobody');

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'eliot-rotate-'));
    path = join(directory, '0.log');
    await writeFile(path, 'first\n');
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  /** As containerd: opens what is at the path, makes it when there is nothing. */
  const deps = (nowMs = noon): RotateDeps => ({ files, reopen: () => appendFile(path, ''), nowMs });
  const failing = (): RotateDeps => ({ ...deps(), reopen: () => Promise.reject(new Error('no runtime')) });

  it('keeps the old file under a name with the time', async () => {
    await rotateLog(deps(), path, 5);
    assert.deepEqual((await readdir(directory)).sort(), ['0.log', '0.log.20260102-120000']);
    assert.equal(await readFile(`${path}.20260102-120000`, 'utf8'), 'first\n');
    assert.equal(await readFile(path, 'utf8'), '');
  });

  it('keeps no more files than it may, the newest ones', async () => {
    for (let round = 1; round <= 6; round += 1) {
      await writeFile(path, `${round}\n`);
      await rotateLog(deps(noon + round * 60_000), path, 3);
    }
    assert.deepEqual((await readdir(directory)).sort(), ['0.log', '0.log.20260102-120500', '0.log.20260102-120600']);
  });

  it('keeps the order of names when the clock was set back', async () => {
    await rotateLog(deps(), path, 5);
    await rotateLog(deps(0), path, 5);
    await rotateLog(deps(noon), path, 5);
    assert.deepEqual(await files.rotated(path), [
      `${path}.20260102-120000`,
      `${path}.20260102-120001`,
      `${path}.20260102-120002`,
    ]);
  });

  it('changes nothing when the runtime does not open a new file', async () => {
    await assert.rejects(rotateLog(failing(), path, 5), /no runtime/);
    assert.deepEqual(await readdir(directory), ['0.log']);
    await assert.rejects(holdLog(failing(), path), /no runtime/);
    assert.equal(await readFile(path, 'utf8'), 'first\n');
  });

  it('lets the runtime write into nothing, and says afterwards what is missing', async () => {
    await holdLog(deps(), path);
    assert.ok((await lstat(path)).isSymbolicLink());
    assert.ok(isHeld(files, path));
    await appendFile(path, 'dropped\n');
    await resumeLog(deps(noon + 5_000), path, why);
    await appendFile(path, 'again\n');
    assert.equal(
      await readFile(path, 'utf8'),
      'first\n2026-01-02T12:00:05.000000Z stderr F eliot: output from 2026-01-02T12:00:00.000000Z to ' +
        '2026-01-02T12:00:05.000000Z is missing: more than 10 bytes a second\nagain\n',
    );
    assert.deepEqual(await readdir(directory), ['0.log']);
  });

  it('is undone wherever a kill cut it off', async () => {
    // After the note, before the file was moved.
    await files.link(`${path}.20260102-120000`, `${path}.held`);
    await resumeLog(deps(), path, why);
    assert.equal(await readFile(path, 'utf8'), 'first\n');
    // After the move, before the link.
    await holdLog(deps(), path);
    await rm(path);
    await resumeLog(deps(), path, why);
    assert.match(await readFile(path, 'utf8'), /^first\n/);
    // After the file was put back, before the runtime opened it.
    await files.link(`${path}.20260102-120000`, `${path}.held`);
    const reopened: string[] = [];
    await resumeLog({ ...deps(), reopen: async () => void reopened.push(path) }, path, why);
    assert.deepEqual(reopened, [path]);
    assert.ok(!isHeld(files, path));
  });
});
