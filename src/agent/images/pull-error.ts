/**
 * What an error of a pull means. containerd says it in words only, which are Go's and the registry's (seen with
 * 1.6). Pure.
 */
import type { PullFailure } from '../../api/pull-failure.ts';
import { isStatusError } from '../../lib/status-error.ts';

const unreachable =
  /dial tcp|dial udp|no such host|connection refused|connection reset|network is unreachable|no route to host|i\/o timeout|TLS handshake timeout|server misbehaving|Client\.Timeout|unexpected EOF|: EOF$|nothing arrived for|x509: certificate has expired or is not yet valid|50[234] /;

const refusedLogin = /401 Unauthorized|403 Forbidden|authorization failed|insufficient_scope|pull access denied/;

const noSpace = /no space left on device|disk quota exceeded/;

const badTime = /certificate has expired or is not yet valid: current time (\S+) is (before|after) (\S+?)"?$/m;

/** Whether the registry did not answer at all, so that nothing is known about the image. */
export function isUnreachable(error: unknown): boolean {
  return isStatusError(error, 'Timeout') || unreachable.test(textOf(error));
}

/** Whether another login may succeed. */
export function isRefusedLogin(error: unknown): boolean {
  return refusedLogin.test(textOf(error));
}

/** What is to be mended before a pull can succeed. */
export function pullFailureOf(error: unknown): PullFailure {
  const text = textOf(error);
  if (badTime.test(text)) return 'CertificateNotValidNow';
  if (noSpace.test(text)) return 'NoSpaceLeft';
  if (refusedLogin.test(text)) return 'LoginRefused';
  return isUnreachable(error) ? 'RegistryUnreachable' : 'PullFailed';
}

/**
 * The error's text; when TLS failed for the time, with what is wrong about it. A device without a battery clock starts
 * in the past, and then no certificate is valid.
 *
 * @param nowMs the device's clock
 * @param builtAtMs when this program was built: the clock cannot be before
 */
export function explainPullError(error: unknown, nowMs: number, builtAtMs: number): string {
  const text = textOf(error);
  const [, , side, limit] = badTime.exec(text) ?? [];
  if (side === undefined) return text;
  const now = new Date(nowMs).toISOString().slice(0, 19);
  if (nowMs < builtAtMs) {
    return `${text} (the clock of this device is wrong: it says ${now}Z, before eliotd itself was built; set it, or let it be set by NTP)`;
  }
  const what = side === 'before' ? `valid only from ${limit} on` : `valid only until ${limit}`;
  return `${text} (the registry's certificate is ${what}, and the clock of this device says ${now}Z: one of the two is wrong)`;
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
