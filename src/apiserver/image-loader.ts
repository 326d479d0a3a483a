/**
 * The port by which the API server hands image archives to the runtime (docs/adr/0005). The agent implements it.
 */
import type { Readable } from 'node:stream';

export interface ImageLoader {
  /**
   * Loads a `docker save` archive or an OCI layout; reads the stream at the pace of the disk.
   *
   * @returns the full names of the images it brought
   * @throws StatusError `Invalid` or `BadRequest` when it is neither, `ServiceUnavailable` while the runtime is down
   */
  importArchive(archive: Readable, signal: AbortSignal): Promise<readonly string[]>;
}
