import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { appendFile, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { Pod } from '../../api/kinds/pod/types.ts';
import { createLogFiles } from '../../host/log-files.ts';
import { silentLogger } from '../../lib/logger.ts';
import type { ContainerInput } from '../../runtime/runtime.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { makePod } from '../../testing/pods.ts';
import { until } from '../../testing/settle.ts';
import type { ObservedContainer, ObservedPod } from '../observed-pod.ts';
import { podRef } from '../pod-names.ts';
import { PipeKeeper } from './pipe-keeper.ts';
import type { PipeProgress } from './pipe-progress.ts';

describe('the keeper of pipes', () => {
  let directory: string;
  let stop: AbortController;
  let containers: Partial<ObservedContainer>[];
  let heard: string;
  let hasRoom: boolean;
  let told: string[];
  let openRecords: Set<string>;
  let keeper: PipeKeeper;
  const running: Promise<void>[] = [];
  const clock = new FakeClock();

  const run = (number: number): string => join(directory, 'a', `${number}.log`);
  const line = (text: string): string => `2026-01-01T00:00:00Z stdout F ${text}\n`;
  const podWith = (pipes: Record<string, string>): Pod => {
    const pod = makePod({ spec: { containers: ['a', 'b', 'c'].map((name) => ({ name, image: 'i' })) } });
    const annotations = Object.entries(pipes).map(([source, target]) => [`eliot.run/pipe.${source}`, target]);
    return { ...pod, metadata: { ...pod.metadata, uid: 'u1', annotations: Object.fromEntries(annotations) } };
  };
  const input: ContainerInput = {
    write: (bytes) => {
      if (hasRoom) heard += Buffer.from(bytes).toString();
      return hasRoom;
    },
    mark: () => {},
    isMarked: () => false,
    countUnread: async () => 0,
    takeUnread: async () => ({ count: 0, wasFull: false, first: Buffer.alloc(0) }),
    close: () => {},
  };

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'eliot-pipes-'));
    await mkdir(join(directory, 'a'));
    stop = new AbortController();
    containers = [{ name: 'b', id: 'b1' as never, state: 'Running', logPath: join(directory, 'b/0.log') }];
    heard = '';
    hasRoom = true;
    told = [];
    openRecords = new Set();
    const logFiles = createLogFiles('nobody');
    keeper = new PipeKeeper({
      clock,
      log: silentLogger,
      files: { ...logFiles, names: (path) => readdir(path).catch(() => undefined) },
      observed: () => ({ uid: 'u1', containers }) as unknown as ObservedPod,
      openInput: async () => input,
      logDirectories: (_pod, container) => [join(directory, container)],
      removeLog: (path) => rm(path),
      openRecord: (_pod, source) => {
        openRecords.add(source);
        let noted: PipeProgress | undefined;
        return {
          read: () => noted,
          write: (progress) => {
            noted = progress;
          },
          close: () => openRecords.delete(source),
        };
      },
      kept: () => undefined,
      onMoved: () => {},
      tell: (pod, { reason, message }) => told.push(`${pod.name} ${reason}: ${message}`),
      maxKeptBytes: 200,
    });
  });
  afterEach(async () => {
    stop.abort();
    await Promise.all(running.splice(0));
    await rm(directory, { recursive: true });
  });

  const update = (pod: Pod): void => keeper.update(pod, (task) => void running.push(task(stop.signal)));
  const hears = (text: string): Promise<void> => {
    keeper.wake('u1');
    return until(() => heard === text, text);
  };

  it('leads what a pod asks for, and no longer when it does not', async () => {
    await writeFile(run(0), line('one'));
    update(podWith({ a: 'b' }));
    update(podWith({ a: 'b' }));
    await hears('one\n');
    assert.deepEqual([...openRecords], ['a']);
    update(podWith({}));
    await until(() => openRecords.size === 0);
    await appendFile(run(0), line('two'));
    keeper.wake('u1');
    assert.equal(heard, 'one\n');
  });

  it('ends the pipes of a pod that is gone', async () => {
    update(podWith({ a: 'b', b: 'c' }));
    assert.deepEqual([...openRecords], ['a', 'b']);
    keeper.remove(podRef(podWith({})));
    await until(() => openRecords.size === 0);
    assert.equal((await keeper.collect()).size, 0);
  });

  it('keeps the log of an ended run until it is read, and removes it then', async () => {
    hasRoom = false;
    for (const number of [0, 1]) await writeFile(run(number), line(`run ${number}`));
    update(podWith({ a: 'b' }));
    assert.equal(await keeper.keepsLog(run(0)), true);
    hasRoom = true;
    await until(() => {
      clock.advance(500);
      return heard === 'run 0\nrun 1\n';
    });
    await until(async () => {
      // It learns that everything was read when all was quiet for a while.
      clock.advance(500);
      await keeper.collect();
      return !existsSync(run(0));
    });
    assert.ok(existsSync(run(1)));
    assert.equal(await keeper.keepsLog(run(0)), false);
  });

  it('leaves the log of a container that is still there to whoever removes that', async () => {
    for (const number of [0, 1]) await writeFile(run(number), line(`run ${number}`));
    containers.push({ name: 'a', id: 'a0' as never, state: 'Exited', logPath: run(0) });
    update(podWith({ a: 'b' }));
    await hears('run 0\nrun 1\n');
    await until(async () => {
      clock.advance(500);
      return (await keeper.collect()).get('u1/a')?.run === run(1);
    });
    assert.ok(existsSync(run(0)));
  });

  it('keeps no more than a bound of ended runs, and tells what is lost', async () => {
    hasRoom = false;
    for (const number of [0, 1, 2]) await writeFile(run(number), line('x'.repeat(100)));
    update(podWith({ a: 'b' }));
    assert.equal(await keeper.keepsLog(run(0)), true);
    assert.equal(await keeper.keepsLog(run(1)), false);
    assert.deepEqual(told, [
      'web PipeLost: 131 bytes of log of container a were removed before container b had read them',
    ]);
  });

  it('tells of rotated files that go unread, and not of others', async () => {
    hasRoom = false;
    const older = [1, 2, 3].map((number) => `${run(0)}.20260101-00000${number}`);
    for (const path of [...older, run(0)]) await writeFile(path, line('some text'));
    update(podWith({ a: 'b' }));
    const [first = '', second = '', third = ''] = older;
    // The first one is being read, and stays open.
    await until(() => {
      keeper.wake('u1');
      return openRecords.size === 1;
    });
    await keeper.fileGoes(second);
    assert.equal(told.length, 1);
    await rm(second);
    hasRoom = true;
    await until(() => {
      clock.advance(500);
      return heard === 'some text\n'.repeat(3);
    });
    await keeper.fileGoes(first);
    await keeper.fileGoes(third);
    await keeper.fileGoes('/somewhere/else/0.log');
    assert.equal(told.length, 1);
  });
});
