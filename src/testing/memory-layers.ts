/** A device that layers are pushed to, without containerd: those it has are in memory. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { cutLayer } from '../lib/chunks/cut-layer.ts';
import type { LayerStore } from '../runtime/containerd/push/layer-store.ts';

export class MemoryLayers implements LayerStore {
  /** By digest, without compression. */
  readonly contents = new Map<string, Buffer>();
  searches = 0;

  add(content: Buffer): void {
    this.contents.set(`sha256:${createHash('sha256').update(content).digest('hex')}`, content);
  }

  async has(diffID: string): Promise<boolean> {
    return this.contents.has(diffID);
  }

  async search({ wanted, put }: Parameters<LayerStore['search']>[0]): Promise<void> {
    this.searches += 1;
    for (const content of this.contents.values()) {
      for await (const piece of cutLayer([content])) {
        if (piece.kind === 'Chunk') for (const step of wanted.take(piece.digest)) put(step, piece.data);
      }
    }
  }

  async store(path: string, diffID: string): Promise<boolean> {
    const content = readFileSync(path);
    const isGood = `sha256:${createHash('sha256').update(content).digest('hex')}` === diffID;
    if (isGood) this.contents.set(diffID, content);
    return isGood;
  }
}
