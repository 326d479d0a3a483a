/** Images that are on the device, or come when the test says so. */
import type { ReplicaSet } from '../api/kinds/replica-set.ts';
import type { ImagePreparation, ImagesState } from '../controllers/image-preparation.ts';

export class FakeImagePreparation implements ImagePreparation {
  /** By image: what it waits for. Others are there. */
  readonly missing = new Map<string, string>();
  /** Images that were asked for, in order. */
  readonly asked: string[] = [];
  readonly forgotten: string[] = [];
  readonly #waiting = new Map<string, ReplicaSet>();
  #listener: ((replicaSet: ReplicaSet) => void) | undefined;

  look(replicaSet: ReplicaSet): ImagesState {
    const image = replicaSet.spec.template.spec.containers[0]?.image ?? '';
    this.asked.push(image);
    const message = this.missing.get(image);
    if (message === undefined) return { kind: 'Ready' };
    this.#waiting.set(image, replicaSet);
    return { kind: 'Waiting', message };
  }

  forget(uid: string): void {
    this.forgotten.push(uid);
  }

  onChange(listener: (replicaSet: ReplicaSet) => void): () => void {
    this.#listener = listener;
    return () => {
      this.#listener = undefined;
    };
  }

  /** The image has come. */
  deliver(image: string): void {
    this.missing.delete(image);
    const replicaSet = this.#waiting.get(image);
    if (replicaSet !== undefined) this.#listener?.(replicaSet);
  }
}
