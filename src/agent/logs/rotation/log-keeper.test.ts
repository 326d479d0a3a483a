import assert from 'node:assert/strict';
import { appendFile, lstat, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createLogFiles } from '../../../host/log-files.ts';
import { silentLogger } from '../../../lib/logger.ts';
import { FakeClock } from '../../../testing/fake-clock.ts';
import { type LoggingContainer, LogKeeper } from './log-keeper.ts';
import type { LogLimits } from './log-limits.ts';

const usual: LogLimits = { maxFileBytes: 1_000, maxFiles: 3, bytesPerSecond: 0, burstBytes: 1_000 };

describe('LogKeeper', () => {
  let directory: string;
  let clock: FakeClock;
  let containers: LoggingContainer[];
  let tell: (uid: string) => void;
  let stop: AbortController;
  let ended: Promise<void>;
  let limits: LogLimits;
  let dropped: string[];
  let reopened: string[];
  let looks: number;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'eliot-keeper-'));
    clock = new FakeClock();
    containers = [];
    stop = new AbortController();
    limits = usual;
    dropped = [];
    reopened = [];
    looks = 0;
  });
  afterEach(async () => {
    stop.abort();
    await ended;
    await rm(directory, { recursive: true, force: true });
  });

  const start = (): void => {
    const files = createLogFiles('nobody');
    const keeper = new LogKeeper({
      files: {
        ...files,
        look: (path) => {
          looks += 1;
          return files.look(path);
        },
      },
      clock,
      log: silentLogger,
      running: (uid) => containers.filter(({ podUid }) => uid === undefined || podUid === uid),
      onChange: (listener) => {
        tell = listener;
        return () => {};
      },
      limits: () => limits,
      reopen: async (id) => {
        reopened.push(id);
        const container = containers.find((other) => other.id === id);
        if (container) await appendFile(container.logPath, '');
      },
      onDropped: ({ name }) => dropped.push(name),
    });
    ended = keeper.run(stop.signal);
  };

  const addContainer = async (name: string, content = ''): Promise<string> => {
    const logPath = join(directory, `${name}.log`);
    await writeFile(logPath, content);
    containers.push({ id: `id-${name}`, podUid: 'pod', name, logPath });
    return logPath;
  };

  /** Until it sleeps again. */
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 200; turn += 1) await nextTurn();
    while (clock.sleeping === 0) await nextTurn();
  };
  const advance = async (ms: number): Promise<void> => {
    clock.advance(ms);
    await settle();
  };
  const filesOf = async (name: string): Promise<number> =>
    (await readdir(directory)).filter((file) => file.startsWith(`${name}.log`)).length;

  it('rotates a log that is too large, and keeps so many files', async () => {
    const path = await addContainer('web');
    start();
    await settle();
    for (let round = 0; round < 5; round += 1) {
      await appendFile(path, 'x'.repeat(1_000));
      await advance(1_000);
    }
    assert.equal(await filesOf('web'), 3);
    assert.equal(reopened.length, 5);
    assert.equal((await lstat(path)).size, 0);
  });

  it('rotates at its start what grew while it was not there', async () => {
    await addContainer('web', 'x'.repeat(5_000));
    start();
    await settle();
    assert.equal(await filesOf('web'), 2);
  });

  it('looks at no log that rests, and hears of its next line', async () => {
    const path = await addContainer('web');
    start();
    await settle();
    for (let second = 0; second < 12; second += 1) await advance(1_000);
    const before = looks;
    for (let minute = 0; minute < 10; minute += 1) await advance(60_000);
    assert.equal(looks, before);
    await appendFile(path, 'x'.repeat(2_000));
    while ((await filesOf('web')) < 2) await advance(1_000);
  });

  it('takes up a container that starts, and lets go of one that ends', async () => {
    start();
    await settle();
    const path = await addContainer('web', 'x'.repeat(2_000));
    tell('pod');
    await settle();
    assert.equal(await filesOf('web'), 2);
    containers = [];
    tell('pod');
    await settle();
    await appendFile(path, 'x'.repeat(2_000));
    await advance(60_000);
    assert.equal(await filesOf('web'), 2);
  });

  it('drops the output of a pod that writes too much until it has paid for it', async () => {
    limits = { ...usual, maxFileBytes: 100_000, bytesPerSecond: 100, burstBytes: 1_000 };
    const path = await addContainer('loud');
    start();
    await settle();
    await appendFile(path, 'x'.repeat(3_000));
    await advance(1_000);
    assert.deepEqual(dropped, ['loud']);
    assert.ok((await lstat(path)).isSymbolicLink());
    await advance(24_000);
    assert.ok((await lstat(path)).isSymbolicLink());
    await advance(2_000);
    assert.ok((await lstat(path)).isFile());
    assert.equal(await filesOf('loud'), 1);
  });

  it('lets a quiet container of a loud pod go on', async () => {
    limits = { ...usual, maxFileBytes: 100_000, bytesPerSecond: 100, burstBytes: 1_000 };
    const loud = await addContainer('loud');
    const quiet = await addContainer('quiet');
    start();
    await settle();
    await appendFile(loud, 'x'.repeat(3_000));
    await appendFile(quiet, 'x'.repeat(10));
    await advance(1_000);
    await appendFile(quiet, 'x'.repeat(10));
    await advance(1_000);
    assert.deepEqual(dropped, ['loud']);
    assert.ok((await lstat(quiet)).isFile());
  });

  it('gives a container back its log that was dropping when the daemon died, or when it ends itself', async () => {
    limits = { ...usual, maxFileBytes: 100_000, bytesPerSecond: 100, burstBytes: 1_000 };
    const path = await addContainer('loud');
    start();
    await settle();
    await appendFile(path, 'x'.repeat(3_000));
    await advance(1_000);
    stop.abort();
    await ended;
    stop = new AbortController();
    start();
    await settle();
    assert.ok((await lstat(path)).isFile());

    await appendFile(path, 'x'.repeat(3_000));
    await advance(1_000);
    assert.ok((await lstat(path)).isSymbolicLink());
    containers = [];
    tell('pod');
    await settle();
    assert.ok((await lstat(path)).isFile());
  });

  it('has a log made again that somebody removed', async () => {
    const path = await addContainer('web');
    start();
    await settle();
    await rm(path);
    await advance(1_000);
    assert.deepEqual(reopened, ['id-web']);
    assert.ok((await lstat(path)).isFile());
  });
});
