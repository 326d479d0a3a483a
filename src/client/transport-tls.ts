/** TLS connections to one server. */
import { isIP } from 'node:net';
import type { ConnectionOptions, TLSSocket } from 'node:tls';
import type { TransportOptions } from './transport.ts';
import { trustedAuthorities } from './transport-authorities.ts';

/** Loaded when a server wants it: TLS costs a command on the device's own socket a third of its time. */
const tls = (): typeof import('node:tls') => process.getBuiltinModule('node:tls');

/** Whom to trust, who we are, and which name we mean. */
export function tlsOptionsOf(options: TransportOptions, host: string): ConnectionOptions {
  const { cert, key, serverName, insecureSkipTlsVerify } = options;
  // A server with several names is told which one is meant; an address is no name.
  const servername = serverName ?? (isIP(host) === 0 ? host : undefined);
  return {
    minVersion: 'TLSv1.2',
    ca: trustedAuthorities(options),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(servername === undefined ? {} : { servername }),
    ...(insecureSkipTlsVerify ? { rejectUnauthorized: false } : {}),
  };
}

/** Begins to connect; what is written meanwhile is sent after the handshake. */
export function connectTls(options: ConnectionOptions): TLSSocket {
  return tls().connect(options);
}

/**
 * Resolves with `socket` when its handshake is over and the server is trusted.
 *
 * @throws `timeout()` after `timeoutMs`, the reason of `signal`, Node's error when the connection or the trust fails
 */
export async function untilSecure(
  socket: TLSSocket,
  wait: { readonly timeoutMs: number; readonly timeout: () => Error; readonly signal: AbortSignal | undefined },
): Promise<TLSSocket> {
  const { timeoutMs, timeout, signal } = wait;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onAbort = (): void => void socket.destroy(signal?.reason);
  const timer = setTimeout(() => socket.destroy(timeout()), timeoutMs);
  signal?.addEventListener('abort', onAbort);
  // For good: a connection that is lost before it is used must not end the program.
  socket.on('error', reject);
  socket.once('secureConnect', resolve);
  try {
    await promise;
    return socket;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
  }
}
