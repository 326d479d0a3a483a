/** One gRPC method: its path and how its messages go over the wire. */
import type { MessageType, PartialMessage } from '../../../lib/protobuf/message-type.ts';

export interface Method<Request, Response> {
  /** `/package.Service/Method`. */
  readonly path: string;
  readonly encode: (request: Request) => Uint8Array;
  readonly decode: (bytes: Uint8Array) => Response;
}

/** A method of generated message types; its request may leave out every field that has its zero value. */
export function method<Request, Response>(
  path: string,
  request: MessageType<Request>,
  response: MessageType<Response>,
): Method<PartialMessage<Request>, Response> {
  return {
    path,
    encode: (message) => request.encode(message),
    decode: (bytes) => response.decode(bytes),
  };
}
