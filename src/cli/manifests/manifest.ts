/** An object as it was read from a file, with where it stood. */
import type { KubeObject } from '../../api/meta.ts';

export interface Manifest {
  readonly object: KubeObject;
  /** File, URL or `STDIN`, for messages. */
  readonly source: string;
}
