/** Reads the exit code of a remote command out of the Status that ends it. */
import { statusErrorOf, type WireStatus } from './response-status.ts';

/**
 * 0 for `Success`, the command's own code for `NonZeroExitCode` (details.causes, reason `ExitCode`).
 *
 * @throws StatusError any other failure: the command could not be run
 */
export function exitCodeOf(status: WireStatus): number {
  if (status.status === 'Success') return 0;
  if (status.reason === 'NonZeroExitCode') {
    const causes = (status.details as { causes?: readonly { reason?: unknown; message?: unknown }[] } | undefined)
      ?.causes;
    const code = Number(causes?.find((cause) => cause.reason === 'ExitCode')?.message);
    if (Number.isInteger(code) && code >= 0 && code <= 255) return code;
  }
  throw statusErrorOf(status, 500);
}
