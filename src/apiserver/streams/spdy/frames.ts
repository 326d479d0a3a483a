/**
 * The frames of SPDY/3.1 that Kubernetes' clients use: SYN_STREAM, SYN_REPLY, RST_STREAM, PING and DATA.
 * SETTINGS, GOAWAY, HEADERS and WINDOW_UPDATE are read and ignored: Go's SPDY has no flow control.
 */

/** A frame as it was read. Data comes in pieces as they arrive; `fin` is on the last one. */
export type SpdyFrame =
  | { readonly type: 'syn-stream'; readonly streamId: number; readonly fin: boolean; readonly headerBlock: Buffer }
  | { readonly type: 'data'; readonly streamId: number; readonly fin: boolean; readonly bytes: Buffer }
  | { readonly type: 'rst-stream'; readonly streamId: number }
  | { readonly type: 'ping'; readonly id: number }
  | { readonly type: 'ignored'; readonly control: number };

/** Numbers of the control frames (draft 3.1, section 2.6). */
export const controlTypes = { synStream: 1, synReply: 2, rstStream: 3, ping: 6 } as const;

/** Status codes of RST_STREAM (section 2.6.3). */
export const rstStatus = { refusedStream: 3, cancel: 5 } as const;

export const flagFin = 0x01;

const controlBit = 0x8000_0000;
const version = 3;

/** Largest payload of one DATA frame that is written; the format allows 16 MiB. */
export const maxDataBytes = 65_536;

/** Header of a DATA frame; `length` bytes of payload follow it on the wire. */
export function encodeDataHeader(streamId: number, length: number, fin: boolean): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt32BE(streamId, 0);
  header.writeUInt32BE(((fin ? flagFin : 0) << 24) | length, 4);
  return header;
}

export function encodeSynReply(streamId: number, headerBlock: Buffer): Buffer {
  const id = Buffer.alloc(4);
  id.writeUInt32BE(streamId);
  return encodeControl(controlTypes.synReply, 0, Buffer.concat([id, headerBlock]));
}

export function encodeRstStream(streamId: number, status: number): Buffer {
  const payload = Buffer.alloc(8);
  payload.writeUInt32BE(streamId, 0);
  payload.writeUInt32BE(status, 4);
  return encodeControl(controlTypes.rstStream, 0, payload);
}

export function encodePing(id: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(id);
  return encodeControl(controlTypes.ping, 0, payload);
}

/** Any control frame; `payload` is what follows its eight bytes of header. */
export function encodeControl(type: number, flags: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt32BE((controlBit | (version << 16) | type) >>> 0, 0);
  header.writeUInt32BE(((flags << 24) | payload.length) >>> 0, 4);
  return Buffer.concat([header, payload]);
}
