/** An object as it was read from a file, with where it stood. */
import type { KubeObject } from '../../api/meta.ts';

export interface Manifest {
  readonly object: KubeObject;
  /** File, URL or `STDIN`, for messages. */
  readonly source: string;
  /**
   * `FILE:LINE:COLUMN` of a field, or of what it is missing in; undefined when nobody knows, as for a manifest that was
   * translated.
   */
  readonly placeOf: (path: string) => string | undefined;
  /** What a person should know of how it was read. */
  readonly notes: readonly string[];
}
