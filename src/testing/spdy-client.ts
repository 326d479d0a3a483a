/**
 * The client's side of SPDY/3.1 as Go's `spdystream` speaks it, for tests: compressed headers out, strict about what
 * comes back, no flow control. Written apart from the server's code, so that one mistake is not made twice.
 */
import type { Duplex } from 'node:stream';
import { constants, createDeflate, createInflate, type Deflate, type Inflate } from 'node:zlib';
import { Collector } from './runtime-fixtures.ts';

export interface SpdyClientStream {
  readonly id: number;
  /** What the server has sent. */
  readonly received: Collector;
  /** Resolves when the server has sent FIN; rejects when it has reset the stream or the connection is gone. */
  readonly ended: Promise<void>;
  /** Resolves when the transport took it. */
  send(bytes: Buffer | string): Promise<void>;
  /** Sends FIN. */
  end(): void;
  /** Sends RST_STREAM with CANCEL. */
  reset(): void;
}

interface OpenStream {
  readonly stream: SpdyClientStream;
  readonly replied: PromiseWithResolvers<SpdyClientStream>;
  readonly ended: PromiseWithResolvers<void>;
}

export class SpdyClient {
  readonly #transport: Duplex;
  readonly #deflate: Deflate;
  readonly #inflate: Inflate;
  readonly #streams = new Map<number, OpenStream>();
  readonly #pongs = new Map<number, () => void>();
  /** Numbers of the server's pings that came. */
  readonly serverPings: number[] = [];
  /** False: as a client whose connection is dead. */
  answersPings = true;
  #nextStreamId = 1;
  #nextPingId = 1;
  #opening: Promise<unknown> = Promise.resolve();

  constructor(transport: Duplex, dictionary: Buffer) {
    this.#transport = transport;
    this.#deflate = createDeflate({ dictionary, flush: constants.Z_SYNC_FLUSH });
    this.#inflate = createInflate({ dictionary });
    this.#inflate.resume();
    transport.on('error', () => {});
    transport.once('close', () => {
      for (const { replied, ended } of this.#streams.values()) {
        replied.reject(new Error('connection closed'));
        ended.reject(new Error('connection closed'));
      }
    });
    this.#read().catch(() => transport.destroy());
  }

  /** Resolves when the server has replied; rejects when it has refused the stream. */
  open(headers: Readonly<Record<string, string>>): Promise<SpdyClientStream> {
    const opened = this.#opening.then(() => this.#open(headers));
    this.#opening = opened.catch(() => {});
    return opened.then(({ replied }) => replied.promise);
  }

  ping(): Promise<void> {
    const id = this.#nextPingId;
    this.#nextPingId += 2;
    const answered = new Promise<void>((resolve) => this.#pongs.set(id, resolve));
    this.#transport.write(control(6, 0, uint32(id)));
    return answered;
  }

  /** Writes bytes as they are, for frames that no decent client sends. */
  sendRaw(bytes: Buffer): void {
    this.#transport.write(bytes);
  }

  close(): void {
    this.#transport.destroy();
  }

  async #open(headers: Readonly<Record<string, string>>): Promise<OpenStream> {
    const id = this.#nextStreamId;
    this.#nextStreamId += 2;
    const replied = Promise.withResolvers<SpdyClientStream>();
    const ended = Promise.withResolvers<void>();
    ended.promise.catch(() => {});
    const stream: SpdyClientStream = {
      id,
      received: new Collector(),
      ended: ended.promise,
      send: (content) => {
        const bytes = Buffer.from(content);
        return new Promise((resolve) => this.#transport.write(data(id, 0, bytes), () => resolve()));
      },
      end: () => this.#transport.write(data(id, 1, Buffer.alloc(0))),
      reset: () => this.#transport.write(control(3, 0, Buffer.concat([uint32(id), uint32(5)]))),
    };
    const open = { stream, replied, ended };
    this.#streams.set(id, open);
    const block = await this.#compress(headers);
    this.#transport.write(control(1, 0, Buffer.concat([uint32(id), uint32(0), Buffer.alloc(2), block])));
    return open;
  }

  async #compress(headers: Readonly<Record<string, string>>): Promise<Buffer> {
    const pairs = Object.entries(headers).flat();
    const parts = pairs.map((text) => Buffer.concat([uint32(Buffer.byteLength(text)), Buffer.from(text)]));
    const output: Buffer[] = [];
    const collect = (chunk: Buffer): void => {
      output.push(chunk);
    };
    this.#deflate.on('data', collect);
    const plain = Buffer.concat([uint32(pairs.length / 2), ...parts]);
    await new Promise<void>((resolve) => this.#deflate.write(plain, () => resolve()));
    this.#deflate.off('data', collect);
    return Buffer.concat(output);
  }

  async #read(): Promise<void> {
    let bytes = Buffer.alloc(0);
    for await (const chunk of this.#transport) {
      bytes = Buffer.concat([bytes, chunk]);
      while (bytes.length >= 8 && bytes.length >= 8 + bytes.readUIntBE(5, 3)) {
        const length = bytes.readUIntBE(5, 3);
        const payload = Buffer.from(bytes.subarray(8, 8 + length));
        await this.#receive(bytes.readUInt32BE(0), bytes.readUInt8(4), payload);
        bytes = bytes.subarray(8 + length);
      }
    }
  }

  async #receive(first: number, flags: number, payload: Buffer): Promise<void> {
    if (first < 0x8000_0000) {
      const open = this.#streams.get(first);
      if (!open) throw new Error(`data for stream ${first}, which is not open`);
      open.stream.received.write(payload);
      if (flags & 1) open.ended.resolve();
      return;
    }
    if (first >>> 16 !== 0x8003) throw new Error('not SPDY/3');
    const type = first & 0xffff;
    const id = payload.readUInt32BE(0);
    const open = this.#streams.get(id);
    if (type === 2 && open) {
      // Go gives up a connection whose header block does not inflate at once.
      await new Promise<void>((resolve) => this.#inflate.write(payload.subarray(4), () => resolve()));
      open.replied.resolve(open.stream);
    } else if (type === 3 && open) {
      open.replied.reject(new Error('stream reset'));
      open.ended.reject(new Error('stream reset'));
    } else if (type === 6) {
      if (id % 2 === 1) this.#pongs.get(id)?.();
      else {
        this.serverPings.push(id);
        if (this.answersPings) this.#transport.write(control(6, 0, payload));
      }
    } else throw new Error(`unexpected frame of type ${type}`);
  }
}

function data(streamId: number, flags: number, bytes: Buffer): Buffer {
  return Buffer.concat([uint32(streamId), uint32((flags << 24) | bytes.length), bytes]);
}

function control(type: number, flags: number, payload: Buffer): Buffer {
  return Buffer.concat([uint32((0x8003_0000 | type) >>> 0), uint32((flags << 24) | payload.length), payload]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
