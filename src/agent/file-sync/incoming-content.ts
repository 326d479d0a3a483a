/** What the session needs of a file whose content is on its way. */
import type { Entry } from '../../lib/tree/entry.ts';

export interface IncomingContent {
  readonly n: number;
  readonly path: string;
  /**
   * Takes a piece. Failures are kept for the end: what comes until then is on its way already.
   *
   * @returns what the client is to be told now
   */
  add(bytes: Buffer): Promise<readonly (readonly [number, number])[] | undefined>;
  /**
   * @param isWhole false: the client could not read it to its end
   * @throws TreeError what had failed on the way, or fails now; nothing has changed then
   */
  finish(isWhole: boolean): Entry;
  /** It comes no further: it is forgotten, or kept to be gone on with. */
  drop(): void;
}
