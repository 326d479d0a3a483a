/**
 * Why a connection failed, in the words of Go's `net` package: they are what `kubectl describe` shows of a
 * probe that failed, and what people search for.
 */

const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset by peer',
  EHOSTUNREACH: 'no route to host',
  ENETUNREACH: 'network is unreachable',
  ETIMEDOUT: 'connection timed out',
  EADDRNOTAVAIL: 'cannot assign requested address',
};

/** For example `dial tcp 10.0.0.2:80: connect: connection refused`; the error's own text when it is none of the usual. */
export function networkErrorText(error: unknown, address: string): string {
  const { code, syscall, message, hostname } = error as NodeJS.ErrnoException & { readonly hostname?: string };
  if (syscall === 'getaddrinfo') return `dial tcp: lookup ${hostname ?? address}: no such host`;
  const text = code === undefined ? undefined : words[code];
  if (syscall === 'connect' && text !== undefined) return `dial tcp ${address}: connect: ${text}`;
  if (message === 'socket hang up') return 'EOF';
  return text === undefined ? String(message ?? error) : `read tcp ${address}: read: ${text}`;
}
