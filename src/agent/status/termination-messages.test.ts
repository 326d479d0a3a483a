import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { createFiles } from '../../host/files.ts';
import type { ContainerId, SandboxId } from '../../runtime/runtime.ts';
import { makePod } from '../../testing/pods.ts';
import { nothingObserved, type ObservedContainer } from '../observed-pod.ts';
import { runtimeAnnotations } from '../runtime-labels.ts';
import { TerminationMessages } from './termination-messages.ts';

const uid = 'u1';
const gigabytes = 8 * 2 ** 30;

describe('what a container says at its end', () => {
  let dir = '';
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'eliot-messages-'));
    await mkdir(join(dir, uid));
  });
  afterEach(() => rm(dir, { recursive: true }));

  const ownFile = (): string => join(dir, uid, '0');
  const logFile = (): string => join(dir, '0.log');
  const messages = (): TerminationMessages =>
    new TerminationMessages({ files: createFiles(), directory: (of) => join(dir, of) });
  const ended = (change: Partial<ObservedContainer> = {}): ObservedContainer => ({
    id: 'c0' as ContainerId,
    sandboxId: 's0' as SandboxId,
    name: 'web',
    attempt: 0,
    image: 'busybox',
    imageId: 'sha256:1',
    state: 'Exited',
    createdAtMs: 0,
    startedAtMs: 1,
    finishedAtMs: 2,
    exitCode: 1,
    reason: '',
    message: '',
    labels: {},
    annotations: { [runtimeAnnotations.terminationLog]: ownFile() },
    logPath: logFile(),
    endedAtMonotonicMs: 2,
    ...change,
  });
  const pod = makePod({
    metadata: { uid },
    spec: { containers: [{ name: 'web', terminationMessagePolicy: 'FallbackToLogsOnError' }] },
  });
  const read = async (container: ObservedContainer): Promise<string | undefined> =>
    (await messages().read({ ...nothingObserved(uid, 0), containers: [container] }, pod)).get('c0');

  it('is the beginning of its own file, however large that grew', async () => {
    await writeFile(ownFile(), `the disk is full${'.'.repeat(5_000)}`);
    await truncate(ownFile(), gigabytes);
    const message = await read(ended());
    assert.equal(message?.length, 4_096);
    assert.match(message ?? '', /^the disk is full\.\.\./);
  });

  it('is the end of its log after a failure, however large that is', async () => {
    await writeFile(ownFile(), '');
    await writeFile(logFile(), '');
    await truncate(logFile(), gigabytes);
    const line = (text: string): string => `2026-11-23T00:00:00.000000000Z stdout F ${text}\n`;
    await writeFile(logFile(), `\n${line('one')}${line('two')}`, { flag: 'a' });
    assert.equal(await read(ended()), 'one\ntwo\n');
    assert.equal(await read(ended({ exitCode: 0 })), '');
  });

  it('is never read from, and never removes, a file that the agent did not make', async () => {
    await writeFile(join(dir, 'other'), 'secret');
    const foreign = ended({ annotations: { [runtimeAnnotations.terminationLog]: join(dir, 'other') } });
    assert.equal(await read(foreign), '');
    await messages().removeOne(uid, foreign);
    assert.deepEqual(await readdir(dir), ['other', uid].sort());
  });

  it('goes with its container', async () => {
    await writeFile(ownFile(), 'gone');
    await messages().removeOne(uid, ended());
    assert.deepEqual(await readdir(join(dir, uid)), []);
  });
});
