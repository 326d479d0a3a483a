import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { StatusError } from '../../lib/status-error.ts';

/**
 * Answers an upgrade request with an error, before anything was upgraded, and closes the connection: a plain HTTP
 * response whose body is a `metav1.Status`, as clients expect of every non-2xx answer.
 *
 * @param headers additional header lines, without line ends
 */
export function refuseUpgrade(socket: Duplex, error: StatusError, headers: readonly string[] = []): void {
  const { message, reason, code, details } = error;
  const status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, details, code };
  const body = Buffer.from(`${JSON.stringify(status)}\n`);
  const head = [
    `HTTP/1.1 ${code} ${STATUS_CODES[code] ?? ''}`,
    'Content-Type: application/json',
    `Content-Length: ${body.length}`,
    'Connection: close',
    ...headers,
  ];
  socket.on('error', () => {});
  socket.once('finish', () => socket.destroy());
  socket.end(Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), body]));
}

/** Says yes: from here on the connection belongs to the protocol named. */
export function acceptUpgrade(socket: Duplex, protocol: string, headers: readonly string[]): void {
  const head = ['HTTP/1.1 101 Switching Protocols', 'Connection: Upgrade', `Upgrade: ${protocol}`, ...headers];
  socket.write(`${head.join('\r\n')}\r\n\r\n`);
}
