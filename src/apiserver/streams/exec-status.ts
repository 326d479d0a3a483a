import { isStatusError } from '../../lib/status-error.ts';

/** How an exec or attach ended, as the `metav1.Status` that goes over the error channel. */
export interface ExecStatus {
  readonly metadata: Record<string, never>;
  readonly status: 'Success' | 'Failure';
  readonly message?: string;
  readonly reason?: string;
  readonly details?: { readonly causes: readonly { readonly reason: string; readonly message: string }[] };
  readonly code?: number;
}

/** Exit code 0 is Success; any other is `NonZeroExitCode`, from which clients take their own exit code. */
export function exitStatus(exitCode: number): ExecStatus {
  if (exitCode === 0) return { metadata: {}, status: 'Success' };
  return {
    metadata: {},
    status: 'Failure',
    reason: 'NonZeroExitCode',
    message: `command terminated with non-zero exit code: exit status ${exitCode}`,
    details: { causes: [{ reason: 'ExitCode', message: String(exitCode) }] },
  };
}

/**
 * What went wrong. Failures of the runtime get the kubelet's words around them; expected ones (no such container)
 * stand for themselves.
 *
 * @param action `executing command in container` or `attaching to container`
 */
export function failureStatus(error: unknown, action: string): ExecStatus {
  const message = error instanceof Error ? error.message : String(error);
  if (isStatusError(error) && error.reason !== 'InternalError') {
    return { metadata: {}, status: 'Failure', message, reason: error.reason, code: error.code };
  }
  const text = `Internal error occurred: error ${action}: ${message}`;
  return { metadata: {}, status: 'Failure', message: text, reason: 'InternalError', code: 500 };
}
