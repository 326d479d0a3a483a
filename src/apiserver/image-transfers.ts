/** The port by which the contents of images come to the device and go from it. The agent implements it. */
import type { Readable } from 'node:stream';

/** A tar archive that has not been read yet. */
export interface OutgoingArchive {
  /** Exactly what `read` gives. */
  readonly sizeBytes: number;
  /** Piece by piece, as fast as it is taken. */
  read(): AsyncIterable<Uint8Array>;
}

/** What a pull brought. */
export interface PulledImage {
  /** Full name. */
  readonly name: string;
  /** `sha256:…` of its configuration. */
  readonly id: string;
  readonly sizeBytes: number;
}

export interface ImageTransfers {
  /**
   * Loads a `docker save` archive or an OCI layout; reads the stream at the pace of the disk.
   *
   * @param checkNames told the full names of what came before anything gets one; what it throws ends the import
   * @returns the full names of the images it brought
   * @throws StatusError `Invalid` or `BadRequest` when it is neither, `ServiceUnavailable` while the runtime is down, `Timeout` when
   *   it stops coming, `TooManyRequests` while others come
   */
  importArchive(
    archive: Readable,
    signal: AbortSignal,
    checkNames: (names: readonly string[]) => Promise<void>,
  ): Promise<readonly string[]>;

  /**
   * An image as an archive that `importArchive` takes.
   *
   * @param image full name
   * @throws StatusError `NotFound` when the image, or a part of it, is not on the device
   */
  exportArchive(image: string, signal: AbortSignal): Promise<OutgoingArchive>;

  /**
   * Asks the registry for the image, also when there is one of that name, and resolves when it would outlive a power cut.
   * How far it is stands in the Image object. What was downloaded is kept when `signal` aborts.
   *
   * @param image a name, short ones too
   * @throws StatusError `Invalid` when it is no name; with the registry's words else
   */
  pull(image: string, signal: AbortSignal): Promise<PulledImage>;
}
