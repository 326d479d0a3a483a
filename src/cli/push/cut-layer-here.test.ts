import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { packTar } from 'modern-tar';
import { fileEntry } from '../../../scripts/image-archive.ts';
import { digestOf } from '../../lib/chunks/cut-chunks.ts';
import type { LocalLayer } from '../local-images/local-image.ts';
import { chunksOf, cutLayerHere } from './cut-layer-here.ts';

const signal = new AbortController().signal;
const pieceBytes = 10_000;

class CountedLayer implements LocalLayer {
  readonly diffID: string;
  readonly storedBytes: number;
  readBytes = 0;
  isClosed = false;
  readonly #content: Buffer;

  constructor(content: Buffer, diffID = `sha256:${createHash('sha256').update(content).digest('hex')}`) {
    this.#content = content;
    this.diffID = diffID;
    this.storedBytes = content.length;
  }

  async *open(): AsyncGenerator<Uint8Array> {
    this.readBytes = 0;
    this.isClosed = false;
    try {
      for (let at = 0; at < this.#content.length; at += pieceBytes) {
        this.readBytes += pieceBytes;
        yield this.#content.subarray(at, at + pieceBytes);
      }
    } finally {
      this.isClosed = true;
    }
  }
}

describe('the chunks of a layer that a device asks for', () => {
  const files = [300, 50_000, 400_000, 7].map((bytes, index) => fileEntry(`file${index}`, randomBytes(bytes)));

  it('are those of the recipe, and nothing is read behind the last of them', async () => {
    const layer = new CountedLayer(Buffer.from(await packTar(files)));
    const { table } = await cutLayerHere(layer, () => {}, signal);
    const steps = [0, 1, 3];
    const chunks = await Array.fromAsync(chunksOf(layer, table, steps, signal));
    assert.deepEqual(
      chunks.map(({ step, data }) => [step, digestOf(data)]),
      steps.map((step) => [step, table.digest(step)]),
    );
    assert.ok(layer.readBytes < table.chunkOffset(3) + table.chunkBytes(3) + pieceBytes);
    assert.ok(layer.isClosed);
  });

  it('are refused when the layer has become shorter since it was cut', async () => {
    const whole = Buffer.from(await packTar(files));
    const { table } = await cutLayerHere(new CountedLayer(whole), () => {}, signal);
    const shorter = new CountedLayer(whole.subarray(0, 20_000));
    const asked = Array.fromAsync(chunksOf(shorter, table, [0, table.count - 2], signal));
    await assert.rejects(asked, /was changed meanwhile/);
  });
});
