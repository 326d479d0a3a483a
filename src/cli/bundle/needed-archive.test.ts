/** What is sent of a bundle, read as a device reads it. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { BundleDocuments } from '../../api/bundle/bundle-documents.ts';
import { layerPath, readBundle } from '../../api/bundle/read-bundle.ts';
import { isStatusError } from '../../lib/status-error.ts';
import { eli } from '../../testing/eli-runner.ts';
import { makeTestArchive } from '../../testing/image-files.ts';
import { neededArchive } from './needed-archive.ts';

async function* inPieces(data: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < data.length; at += 100) yield data.subarray(at, at + 100);
}

async function collect(content: AsyncIterable<Uint8Array>): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(content));
}

describe('what is sent of a bundle', () => {
  let directory: string;
  let whole: Buffer;
  let documents: BundleDocuments;
  /** Of the file, by digest. */
  const layers = new Map<string, Buffer>();

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'eliot-needed-'));
    const at = (name: string): string => join(directory, name);
    const containers = [{ name: 'main', image: 'web:1' }];
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web' }, spec: { containers } };
    await writeFile(at('app.json'), JSON.stringify(pod));
    await writeFile(at('web.tar'), await makeTestArchive({ name: 'web:1', contents: ['one', 'two', 'three'] }));
    const args = ['-f', at('app.json'), '--image-archive', at('web.tar'), '-o', at('app.eliot')];
    const { exitCode, stderr } = await eli(['bundle', 'create', ...args]);
    assert.equal(exitCode, 0, stderr);
    whole = await readFile(at('app.eliot'));
    const read = await readBundle(inPieces(whole), {
      onDocuments: async () => {},
      onLayer: async ({ digest }, content) => void layers.set(digest, await collect(content)),
    });
    documents = read.documents;
  });
  after(() => rm(directory, { recursive: true }));

  const [first, second, third] = [
    () => [...layers.keys()][0],
    () => [...layers.keys()][1],
    () => [...layers.keys()][2],
  ];
  const sent = async (wanted: readonly (readonly [string | undefined, number])[]): Promise<Buffer> => {
    const archive = neededArchive(documents, new Map(wanted.map(([digest, from]) => [digest ?? '', from])), () =>
      inPieces(whole),
    );
    const data = await collect(archive.read());
    assert.equal(data.length, archive.sizeBytes);
    return data;
  };

  it('are the documents, the layers that are wanted, and the rests of those that were begun', async () => {
    const data = await sent([
      [second(), 7],
      [third(), 0],
    ]);
    const came: (readonly [string, number, string])[] = [];
    await readBundle(inPieces(data), {
      onDocuments: async ({ digest }) => assert.equal(digest, documents.digest),
      onLayer: async ({ digest }, content) => void came.push([digest, 0, (await collect(content)).toString('hex')]),
      onRest: async ({ digest }, fromByte, content) =>
        void came.push([digest, fromByte, (await collect(content)).toString('hex')]),
    });
    const expected = [...layers].slice(1).map(([digest, content], index) => {
      const fromByte = index === 0 ? 7 : 0;
      return [digest, fromByte, content.subarray(fromByte).toString('hex')] as const;
    });
    assert.deepEqual(came, expected);
  });

  it('may be nothing of a layer that only lacks its end', async () => {
    const size = layers.get(first() ?? '')?.length ?? 0;
    let rest: Buffer | undefined;
    await readBundle(inPieces(await sent([[first(), size]])), {
      onDocuments: async () => {},
      onLayer: async () => assert.fail('no layer is whole'),
      onRest: async (_layer, _fromByte, content) => {
        rest = await collect(content);
      },
    });
    assert.equal(rest?.length, 0);
  });

  it('is no bundle for who wants whole layers, as of a file', async () => {
    const reading = readBundle(inPieces(await sent([[second(), 7]])), {
      onDocuments: async () => {},
      onLayer: async () => {},
    });
    const name = layerPath(second() ?? '', 7);
    await assert.rejects(reading, (error) => isStatusError(error, 'Invalid') && error.message.includes(`blob ${name}`));
  });
});
