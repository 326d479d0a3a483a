/** What is to be found, be it on the device or in an upload. */
import type { RecipeTable } from '../../../api/image-push/recipe.ts';

/** The chunks that are wanted, and where each of them belongs. */
export class WantedChunks {
  readonly #steps = new Map<string, number[]>();

  constructor(table: RecipeTable, holes: readonly number[]) {
    for (const step of holes) {
      const digest = table.digest(step);
      const steps = this.#steps.get(digest);
      if (steps === undefined) this.#steps.set(digest, [step]);
      else steps.push(step);
    }
  }

  get count(): number {
    return this.#steps.size;
  }

  /** One step for each of them, in rising order. */
  get steps(): number[] {
    return [...this.#steps.values()].map(([first = 0]) => first);
  }

  /** All steps that they are for. */
  get holes(): number[] {
    return [...this.#steps.values()].flat();
  }

  wants(digest: string): boolean {
    return this.#steps.has(digest);
  }

  /** The steps that a chunk is for, which is no longer wanted then. */
  take(digest: string): readonly number[] {
    const steps = this.#steps.get(digest);
    this.#steps.delete(digest);
    return steps ?? [];
  }
}
