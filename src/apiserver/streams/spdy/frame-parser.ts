import { controlTypes, flagFin, type SpdyFrame } from './frames.ts';

/** Largest payload of a control frame that is kept in memory; kubectl's are below 300 bytes. */
const maxControlBytes = 65_536;

/** The peer does not speak SPDY/3; the connection cannot go on. */
export class SpdyProtocolError extends Error {
  override readonly name = 'SpdyProtocolError';
}

type State =
  | { readonly in: 'header' }
  | { readonly in: 'data'; readonly streamId: number; readonly fin: boolean; left: number }
  | { readonly in: 'control'; readonly type: number; readonly flags: number; readonly length: number };

/**
 * Cuts a byte stream into SPDY frames, however the bytes are split. Holds at most one control frame;
 * data is passed on as it comes, so its frames may have any size.
 */
export class SpdyFrameParser {
  #state: State = { in: 'header' };
  #pending: Buffer = Buffer.alloc(0);

  /**
   * The frames that are complete with this chunk, in order.
   *
   * @throws SpdyProtocolError for another protocol version or an oversized control frame
   */
  *parse(chunk: Buffer): Generator<SpdyFrame> {
    let rest = this.#pending.length > 0 ? Buffer.concat([this.#pending, chunk]) : chunk;
    this.#pending = Buffer.alloc(0);
    for (;;) {
      const state = this.#state;
      if (state.in === 'data') {
        if (rest.length === 0) return;
        const bytes = rest.subarray(0, state.left);
        rest = rest.subarray(bytes.length);
        state.left -= bytes.length;
        const isLast = state.left === 0;
        if (isLast) this.#state = { in: 'header' };
        yield { type: 'data', streamId: state.streamId, fin: isLast && state.fin, bytes };
        continue;
      }
      const wanted = state.in === 'header' ? 8 : state.length;
      if (rest.length < wanted) {
        // A copy: the chunk may be a view of a large buffer that should not stay alive for a few bytes.
        this.#pending = Buffer.from(rest);
        return;
      }
      const part = rest.subarray(0, wanted);
      rest = rest.subarray(wanted);
      if (state.in === 'control') {
        this.#state = { in: 'header' };
        yield readControl(state.type, state.flags, part);
        continue;
      }
      const next = readHeader(part);
      this.#state = next.in === 'data' && next.left === 0 ? { in: 'header' } : next;
      if (next.in === 'data' && next.left === 0) {
        yield { type: 'data', streamId: next.streamId, fin: next.fin, bytes: Buffer.alloc(0) };
      }
    }
  }
}

function readHeader(header: Buffer): State {
  const first = header.readUInt32BE(0);
  const flags = header.readUInt8(4);
  const length = header.readUIntBE(5, 3);
  if (first < 0x8000_0000) return { in: 'data', streamId: first, fin: (flags & flagFin) !== 0, left: length };
  const version = (first >>> 16) & 0x7fff;
  if (version !== 3) throw new SpdyProtocolError(`SPDY version ${version} is not supported`);
  if (length > maxControlBytes) throw new SpdyProtocolError(`control frame of ${length} bytes is too large`);
  return { in: 'control', type: first & 0xffff, flags, length };
}

function readControl(type: number, flags: number, payload: Buffer): SpdyFrame {
  switch (type) {
    case controlTypes.synStream:
      requireBytes(payload, 10, 'SYN_STREAM');
      return {
        type: 'syn-stream',
        streamId: payload.readUInt32BE(0) & 0x7fff_ffff,
        fin: (flags & flagFin) !== 0,
        headerBlock: Buffer.from(payload.subarray(10)),
      };
    case controlTypes.rstStream:
      requireBytes(payload, 8, 'RST_STREAM');
      return { type: 'rst-stream', streamId: payload.readUInt32BE(0) & 0x7fff_ffff };
    case controlTypes.ping:
      requireBytes(payload, 4, 'PING');
      return { type: 'ping', id: payload.readUInt32BE(0) };
    default:
      return { type: 'ignored', control: type };
  }
}

function requireBytes(payload: Buffer, bytes: number, frame: string): void {
  if (payload.length < bytes) throw new SpdyProtocolError(`${frame} of ${payload.length} bytes is too short`);
}
