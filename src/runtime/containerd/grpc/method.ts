/** One gRPC method: its path and how its messages go over the wire. */

export interface Method<Request, Response> {
  /** `/package.Service/Method`. */
  readonly path: string;
  readonly encode: (request: Request) => Uint8Array;
  readonly decode: (bytes: Uint8Array) => Response;
}

interface RequestType<Partial, Message> {
  fromPartial(partial: Partial): Message;
  encode(message: Message): { finish(): Uint8Array };
}

interface ResponseType<Message> {
  decode(bytes: Uint8Array): Message;
}

/** A method of generated message types; its request may leave out every field that has its zero value. */
export function method<Partial, Message, Response>(
  path: string,
  request: RequestType<Partial, Message>,
  response: ResponseType<Response>,
): Method<Partial, Response> {
  return {
    path,
    encode: (partial) => request.encode(request.fromPartial(partial)).finish(),
    decode: (bytes) => response.decode(bytes),
  };
}
