/** The gRPC health protocol, `grpc.health.v1.Health/Check`, over plain HTTP/2: one question, a connection of its own. */
import { type ClientHttp2Session, connect, constants } from 'node:http2';
import { encodeFrame, FrameReader } from '../../lib/grpc/frames.ts';
import { type AnswerHeaders, GrpcError, grpcCode, outcomeOf } from '../../lib/grpc/grpc-error.ts';
import { hostPort } from '../../lib/host-port.ts';
import { networkErrorText } from './network-error.ts';

export type GrpcHealth =
  | { readonly kind: 'Answer'; readonly status: string }
  /** Nobody listens. */
  | { readonly kind: 'NotConnected'; readonly message: string }
  | { readonly kind: 'Unimplemented'; readonly message: string }
  | { readonly kind: 'Failed'; readonly message: string };

const path = '/grpc.health.v1.Health/Check';
const servingStatus = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'] as const;
const maxAnswerBytes = 4_096;

/** @throws the signal's reason */
export async function grpcHealth(
  target: { readonly host: string; readonly port: number; readonly service: string; readonly userAgent: string },
  signal: AbortSignal,
): Promise<GrpcHealth> {
  signal.throwIfAborted();
  const address = hostPort(target.host, target.port);
  const session = connect(`http://${address}`, { settings: { enablePush: false } });
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => aborted.reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([aborted.promise, askOn(session, address, target)]);
  } finally {
    signal.removeEventListener('abort', onAbort);
    session.on('error', () => undefined);
    session.destroy();
  }
}

async function askOn(
  session: ClientHttp2Session,
  address: string,
  { service, userAgent }: { readonly service: string; readonly userAgent: string },
): Promise<GrpcHealth> {
  const connected = Promise.withResolvers<void>();
  session.once('connect', () => connected.resolve());
  session.once('error', connected.reject);
  try {
    await connected.promise;
  } catch (error) {
    const text = networkErrorText(error, address);
    return { kind: 'NotConnected', message: `connection error: desc = "transport: Error while dialing: ${text}"` };
  }
  try {
    const bytes = await callOn(session, encodeFrame(stringField(1, service)), userAgent);
    const number = enumField(bytes, 1);
    return { kind: 'Answer', status: servingStatus[number] ?? String(number) };
  } catch (error) {
    if (error instanceof GrpcError && error.grpcCode === grpcCode.unimplemented) {
      return { kind: 'Unimplemented', message: error.message };
    }
    const code = error instanceof GrpcError ? codeName(error.grpcCode) : 'Unavailable';
    const message = error instanceof Error ? error.message : String(error);
    return { kind: 'Failed', message: `rpc error: code = ${code} desc = ${message}` };
  }
}

async function callOn(session: ClientHttp2Session, message: Buffer, userAgent: string): Promise<Buffer> {
  const stream = session.request({
    ':method': 'POST',
    ':path': path,
    'content-type': 'application/grpc',
    te: 'trailers',
    'user-agent': userAgent,
  });
  let outcome = 'none' as ReturnType<typeof outcomeOf>;
  const onHeaders = (headers: AnswerHeaders): void => {
    if (outcome === 'none') outcome = outcomeOf(headers, path);
    const status = Number(headers[':status'] ?? 200);
    if (outcome === 'none' && status !== 200) {
      // As gRPC maps HTTP's answers: whoever does not know the path knows no health protocol.
      const code = status === 404 ? grpcCode.unimplemented : grpcCode.unknown;
      outcome = new GrpcError(code, `unexpected HTTP status code received from server: ${status}`);
    }
  };
  stream.on('response', onHeaders);
  stream.on('trailers', onHeaders);
  stream.end(message);
  const reader = new FrameReader(maxAnswerBytes);
  let answer: Buffer | undefined;
  try {
    for await (const chunk of stream) for (const found of reader.push(chunk as Buffer)) answer ??= found;
  } catch (error) {
    // A refusal without a body closes the stream early; what it said counts.
    if (outcome === 'none') throw error;
  } finally {
    stream.close(constants.NGHTTP2_CANCEL);
  }
  if (outcome instanceof GrpcError) throw outcome;
  return answer ?? Buffer.alloc(0);
}

/** One string as a protobuf message; the default, an empty one, is not sent. */
function stringField(field: number, text: string): Buffer {
  const bytes = Buffer.from(text);
  if (bytes.length === 0) return bytes;
  const length: number[] = [];
  for (let left = bytes.length; ; left >>= 7) {
    if (left < 0x80) {
      length.push(left);
      break;
    }
    length.push((left & 0x7f) | 0x80);
  }
  return Buffer.concat([Buffer.from([(field << 3) | 2, ...length]), bytes]);
}

/** The enum in a message of one field; 0, the default, when it was not sent. */
function enumField(bytes: Buffer, field: number): number {
  return bytes[0] === field << 3 ? (bytes[1] ?? 0) : 0;
}

const codeNames = [
  'OK',
  'Canceled',
  'Unknown',
  'InvalidArgument',
  'DeadlineExceeded',
  'NotFound',
  'AlreadyExists',
  'PermissionDenied',
  'ResourceExhausted',
  'FailedPrecondition',
  'Aborted',
  'OutOfRange',
  'Unimplemented',
  'Internal',
  'Unavailable',
  'DataLoss',
  'Unauthenticated',
];

function codeName(code: number): string {
  return codeNames[code] ?? `Code(${code})`;
}
