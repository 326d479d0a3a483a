/** The port by which bundles come to the device. The agent implements it. */
import type { Readable } from 'node:stream';
import type { Bundle } from '../api/kinds/bundle.ts';
import type { UserInfo } from './identity.ts';

export interface BundleRequest {
  /** The objects of the bundle are checked as if he made them. */
  readonly user: UserInfo;
  /** Check everything but the layers, which may be left out, and change nothing. */
  readonly dryRun: boolean;
  /** Also a version that is older, or that was taken back. */
  readonly force: boolean;
}

export interface BundleReceiver {
  /**
   * Reads a bundle at the pace of the disk. Layers that the device has may be left out.
   *
   * @returns the Bundle as it is now: all that it brought is on the device, and is applied from now on; for a dry run, as it
   *   would be, with the layers that must be sent
   * @throws StatusError and nothing was changed: `Invalid` for one that is damaged, `Forbidden` for a signature or an object,
   *   `Conflict` for an object of somebody else or a version that is refused, `TooManyRequests` while another one comes
   */
  receive(content: Readable, request: BundleRequest, signal: AbortSignal): Promise<Bundle>;
}
