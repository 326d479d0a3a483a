/** The opaque token by which a client asks for the rest of a list (`metadata.continue`). */
import { StatusError } from '../../lib/status-error.ts';

export interface ContinueToken {
  /** Revision of the list's first page; it stays that of the whole list. */
  readonly revision: number;
  /** Last key that was delivered, without the list's prefix. */
  readonly after: string;
}

const version = 'eliot.run/v1';

export function encodeContinue(token: ContinueToken): string {
  return Buffer.from(JSON.stringify({ v: version, rv: token.revision, start: token.after })).toString('base64url');
}

/** @throws StatusError BadRequest for anything that `encodeContinue` did not make */
export function decodeContinue(text: string): ContinueToken {
  let token: { readonly v?: unknown; readonly rv?: unknown; readonly start?: unknown } | null;
  try {
    token = JSON.parse(Buffer.from(text, 'base64url').toString());
  } catch (cause) {
    throw notValid('encoding', cause);
  }
  if (token?.v !== version) throw notValid('version');
  if (!Number.isSafeInteger(token.rv) || Number(token.rv) < 0) throw notValid('revision');
  if (typeof token.start !== 'string' || token.start === '') throw notValid('start');
  return { revision: Number(token.rv), after: token.start };
}

function notValid(what: string, cause?: unknown): StatusError {
  return new StatusError('BadRequest', `continue key is not valid: incorrect ${what}`, { cause });
}

/** The refusal of a token whose list can no longer be continued consistently. */
export function continueExpired(): StatusError {
  return new StatusError(
    'Expired',
    'The provided continue parameter is too old to display a consistent list result. ' +
      'You must start a new list without the continue parameter.',
  );
}
