/** The opaque token by which a client asks for the rest of a list (`metadata.continue`). */
import { StatusError } from '../../lib/status-error.ts';

export interface ContinueToken {
  /** Revision of the list's first page; it stays that of the whole list. Undefined: that of the page which is read. */
  readonly revision: number | undefined;
  /** Last key that was delivered, without the list's prefix. */
  readonly after: string;
}

const version = 'eliot.run/v1';
/** Stands for `undefined`, as in Kubernetes' own tokens. */
const anyRevision = -1;

export function encodeContinue(token: ContinueToken): string {
  return Buffer.from(JSON.stringify({ v: version, rv: token.revision ?? anyRevision, start: token.after })).toString(
    'base64url',
  );
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
  if (!Number.isSafeInteger(token.rv) || Number(token.rv) < anyRevision) throw notValid('revision');
  if (typeof token.start !== 'string' || token.start === '') throw notValid('start');
  return { revision: token.rv === anyRevision ? undefined : Number(token.rv), after: token.start };
}

function notValid(what: string, cause?: unknown): StatusError {
  return new StatusError('BadRequest', `continue key is not valid: incorrect ${what}`, { cause });
}

/** The refusal of a token whose list can no longer be continued consistently; it brings one that goes on all the same. */
export function continueExpired({ after }: ContinueToken): StatusError {
  return new StatusError(
    'Expired',
    'The provided continue parameter is too old to display a consistent list result. ' +
      'You can start a new list without the continue parameter, or use the continue token in this response to ' +
      'retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - ' +
      'objects that were created, modified, or deleted between the time the first chunk was returned and now may ' +
      'show up in the list.',
    { continue: encodeContinue({ revision: undefined, after }) },
  );
}
