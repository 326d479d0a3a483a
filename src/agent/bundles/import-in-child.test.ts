import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { StatusError } from '../../lib/status-error.ts';
import type { GrpcClient } from '../../runtime/containerd/grpc/client.ts';
import { contentService } from '../../runtime/containerd/methods.ts';
import { eli } from '../../testing/eli-runner.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { makeTestArchive } from '../../testing/image-files.ts';
import type { BundleMessage } from './bundle-messages.ts';
import { importInChild } from './import-in-child.ts';

const signal = new AbortController().signal;

describe('a bundle in a file', () => {
  let directory: string;
  let whole: Buffer;

  /** What the child said, and how often it asked containerd for more than whether a layer is there. */
  const importOf = async (data: Buffer, fileBytes: number | undefined, keys: Readonly<Record<string, string>> = {}) => {
    const said: BundleMessage[] = [];
    let writes = 0;
    const unary = async (method: unknown): Promise<never> => {
      if (method === contentService.info) throw new StatusError('NotFound', 'it is not there');
      writes += 1;
      throw new StatusError('InternalError', 'the disk is of paper');
    };
    await importInChild(
      {
        grpc: { unary } as unknown as GrpcClient,
        clock: new FakeClock(),
        architectures: ['amd64'],
        flush: async () => {},
        keepUnfinished: false,
        source: (async function* () {
          yield data;
        })(),
        fileBytes: async () => fileBytes,
        readKeys: async () => new Map(Object.entries(keys)),
        freeBytes: async () => 1e12,
        writeRecord: async () => {},
        say: async (message) => void said.push(message),
        whenTold: async () => {},
      },
      signal,
    );
    const last = said.at(-1);
    return { writes, failed: last?.type === 'failed' ? last : undefined };
  };

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'eliot-child-'));
    const at = (name: string): string => join(directory, name);
    const containers = [{ name: 'main', image: 'web:1' }];
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web' }, spec: { containers } };
    await writeFile(at('app.json'), JSON.stringify(pod));
    await writeFile(at('web.tar'), await makeTestArchive({ name: 'web:1', contents: ['one', 'two'] }));
    const args = ['-f', at('app.json'), '--image-archive', at('web.tar'), '-o', at('app.eliot')];
    const { exitCode, stderr } = await eli(['bundle', 'create', ...args]);
    assert.equal(exitCode, 0, stderr);
    whole = await readFile(at('app.eliot'));
  });
  after(() => rm(directory, { recursive: true }));

  it('that was cut writes nothing, and is said to be incomplete', async () => {
    const { writes, failed } = await importOf(whole.subarray(0, -1), whole.length - 1);
    assert.equal(writes, 0);
    assert.equal(failed?.obstacle, 'Copy');
    assert.equal(
      failed?.message,
      `the bundle is incomplete: the file has ${whole.length - 1} of ${whole.length} bytes`,
    );
  });

  it('that is whole goes on to containerd, and so does one that is sent in part', async () => {
    for (const fileBytes of [whole.length, undefined]) {
      const { writes, failed } = await importOf(whole, fileBytes);
      assert.equal(writes > 0, true);
      assert.equal(failed?.message, 'the disk is of paper');
      assert.equal(failed?.obstacle, 'Device');
    }
  });

  it('waits for other keys when one of them is none', async () => {
    const { failed } = await importOf(whole, whole.length, { factory: 'no key' });
    assert.match(failed?.message ?? '', /^trusted key "factory": no public key of Ed25519/);
    assert.equal(failed?.obstacle, 'Keys');
  });
});
