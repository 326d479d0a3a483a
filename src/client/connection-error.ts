/** Says in words why a server cannot be reached, and what to do about it. */
import { isStatusError, type Reason, StatusError } from '../lib/status-error.ts';

interface Explanation {
  readonly reason: Reason;
  readonly what: string;
  readonly advice?: string;
}

const unixExplanations: Readonly<Record<string, Explanation>> = {
  ENOENT: {
    reason: 'ServiceUnavailable',
    what: 'no such socket',
    advice: 'is eliotd running, with this run directory?',
  },
  ECONNREFUSED: { reason: 'ServiceUnavailable', what: 'nothing listens on it', advice: 'is eliotd running?' },
  EACCES: { reason: 'Forbidden', what: 'permission denied', advice: 'run as root, or use --kubeconfig' },
  EPERM: { reason: 'Forbidden', what: 'permission denied', advice: 'run as root, or use --kubeconfig' },
};

const wrongAuthority: Explanation = {
  reason: 'ServiceUnavailable',
  what: 'its certificate is not signed by the authority that the kubeconfig names',
  advice: 'was the device set up anew? Then pair with it again (eli pair), or fetch its kubeconfig again',
};

const tcpExplanations: Readonly<Record<string, Explanation>> = {
  ECONNREFUSED: {
    reason: 'ServiceUnavailable',
    what: 'connection refused',
    advice: 'is eliotd running there, and is the port right?',
  },
  ENOTFOUND: { reason: 'ServiceUnavailable', what: 'no such host', advice: 'check the address in the kubeconfig' },
  EAI_AGAIN: { reason: 'ServiceUnavailable', what: 'the name cannot be resolved now', advice: 'is there a network?' },
  ENETUNREACH: { reason: 'ServiceUnavailable', what: 'network unreachable', advice: 'is there a network?' },
  EHOSTUNREACH: {
    reason: 'ServiceUnavailable',
    what: 'no route to host',
    advice: 'is the device on, and on this network?',
  },
  ETIMEDOUT: { reason: 'Timeout', what: 'connection timed out', advice: 'is the device on, and on this network?' },
  ECONNRESET: { reason: 'ServiceUnavailable', what: 'the connection was closed by the other side' },
  EPIPE: { reason: 'ServiceUnavailable', what: 'the connection was closed by the other side' },
  EPROTO: { reason: 'ServiceUnavailable', what: 'TLS handshake failed', advice: 'is this the address of an eliotd?' },
  ERR_SSL_WRONG_VERSION_NUMBER: {
    reason: 'ServiceUnavailable',
    what: 'it does not speak TLS',
    advice: 'is this the address of an eliotd?',
  },
  HPE_INVALID_CONSTANT: {
    reason: 'ServiceUnavailable',
    what: 'it does not speak HTTP',
    advice: 'is this the address of an eliotd?',
  },
  ERR_TLS_CERT_ALTNAME_INVALID: {
    reason: 'ServiceUnavailable',
    what: 'its certificate is for other addresses',
    advice: 'use one of the names or addresses of the device',
  },
  CERT_HAS_EXPIRED: {
    reason: 'ServiceUnavailable',
    what: 'its certificate has expired',
    advice: 'is the clock right?',
  },
  CERT_NOT_YET_VALID: {
    reason: 'ServiceUnavailable',
    what: 'its certificate is not yet valid',
    advice: 'is the clock right?',
  },
  DEPTH_ZERO_SELF_SIGNED_CERT: wrongAuthority,
  SELF_SIGNED_CERT_IN_CHAIN: wrongAuthority,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: wrongAuthority,
  UNABLE_TO_GET_ISSUER_CERT: wrongAuthority,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: wrongAuthority,
  CERT_SIGNATURE_FAILURE: wrongAuthority,
  ERR_OSSL_X509_KEY_VALUES_MISMATCH: {
    reason: 'Unauthorized',
    what: 'the client certificate and the client key do not belong together',
    advice: 'check the kubeconfig',
  },
};

/** The StatusError for a connection that failed. `address` is as in a transport: `https://…` or `unix:…`. */
export function connectionError(error: unknown, address: string): StatusError {
  if (isStatusError(error)) return error;
  const code = codeOf(error);
  const table = address.startsWith('unix:') ? { ...tcpExplanations, ...unixExplanations } : tcpExplanations;
  const known = code === undefined ? undefined : table[code];
  const what = known?.what ?? (error instanceof Error && error.message !== '' ? error.message : String(error));
  const advice = known?.advice === undefined ? '' : ` - ${known.advice}`;
  return new StatusError(known?.reason ?? 'ServiceUnavailable', `cannot reach ${address}: ${what}${advice}`, {
    cause: error,
  });
}

function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  // Several addresses were tried: the first failure stands for all.
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0]);
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
