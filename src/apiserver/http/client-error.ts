/** What a client gets whose request could not even be read. */
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';

const codes: Readonly<Record<string, readonly [code: number, reason: string, message: string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'RequestHeaderFieldsTooLarge', 'the request header fields are too large'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Timeout', 'the request header did not arrive in time'],
};

/** What Node says of a request that it could not read; `rawPacket` is what arrived last. */
type ClientError = Error & { readonly code?: string; readonly rawPacket?: Buffer };

/** Writes a Status by hand, since there is no response object, and closes the connection. */
export function answerClientError(error: ClientError, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const [code, reason, message] = codes[error.code ?? ''] ?? [
    400,
    'BadRequest',
    `the request is malformed: ${error.code}`,
  ];
  const body = JSON.stringify({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    reason,
    code,
  });
  // The answer to a HEAD has no body, only its length (RFC 9110, 9.3.2).
  const isHead = error.rawPacket?.subarray(0, 5).toString('latin1') === 'HEAD ';
  socket.end(
    `HTTP/1.1 ${code} ${STATUS_CODES[code]}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${isHead ? '' : body}`,
  );
}
