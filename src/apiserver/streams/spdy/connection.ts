import type { Duplex } from 'node:stream';
import type { Clock } from '../../../lib/clock.ts';
import { SpdyFrameParser } from './frame-parser.ts';
import type { SpdyFrame } from './frames.ts';
import { encodeDataHeader, encodePing, encodeRstStream, encodeSynReply, maxDataBytes, rstStatus } from './frames.ts';
import { HeaderBlockReader, HeaderBlockWriter } from './header-block.ts';
import { SpdyStream, type SpdyStreamOwner } from './stream.ts';

/** Streams open at once; a port-forward needs two for each TCP connection. */
const maxStreams = 512;

/** Milliseconds between pings, and how many may stay unanswered. */
const pingEveryMs = 5_000;
const maxUnansweredPings = 4;

export interface SpdyConnectionDeps {
  /** A socket, or the byte stream inside a WebSocket. */
  readonly transport: Duplex;
  readonly clock: Clock;
  /** Called for each stream the client opens; the stream must be read or destroyed. */
  readonly onStream: (stream: SpdyStream) => void;
}

/**
 * The server's side of a SPDY/3.1 connection as Go's `spdystream` speaks it.
 *
 * Frames are handled one after the other: a stream that nobody reads holds up the whole connection (SPDY without
 * flow control has no other back-pressure), so memory is bounded by one chunk and the streams' small buffers.
 */
export class SpdyConnection implements SpdyStreamOwner {
  readonly #transport: Duplex;
  readonly #clock: Clock;
  readonly #onStream: (stream: SpdyStream) => void;
  readonly #streams = new Map<number, SpdyStream>();
  readonly #headerWriter = new HeaderBlockWriter();
  readonly #closed = new AbortController();
  #isReading = false;
  #unansweredPings = 0;
  #nextPingId = 2;

  constructor(deps: SpdyConnectionDeps) {
    this.#transport = deps.transport;
    this.#clock = deps.clock;
    this.#onStream = deps.onStream;
  }

  /** Aborts when the connection is over, however it came to that. */
  get closed(): AbortSignal {
    return this.#closed.signal;
  }

  /** Serves the connection until either side ends it. Never rejects. */
  async run(): Promise<void> {
    const headerReader = new HeaderBlockReader();
    const parser = new SpdyFrameParser();
    this.#transport.once('close', () => this.#close());
    this.#transport.on('error', () => {});
    this.#keepAlive().catch(() => {});
    this.#isReading = true;
    try {
      // Reading by iteration is the back-pressure: the next chunk is asked for when this one is dealt with.
      for await (const chunk of this.#transport) {
        this.#isReading = false;
        for (const frame of parser.parse(chunk)) await this.#receive(frame, headerReader);
        this.#isReading = true;
      }
    } catch {
      // A broken peer or a broken connection; both end it, and there is nobody left to tell.
    } finally {
      headerReader.close();
      this.#transport.destroy();
      this.#close();
    }
  }

  /** Waits for the client to close the connection after everything was sent, at most `graceMs`, then closes it. */
  async finish(graceMs: number): Promise<void> {
    const isClosed = new Promise<void>((resolve) => {
      if (this.#closed.signal.aborted) resolve();
      else this.#closed.signal.addEventListener('abort', () => resolve(), { once: true });
    });
    const grace = this.#clock.sleep(graceMs, this.#closed.signal).catch(() => {});
    await Promise.race([isClosed, grace]);
    this.#transport.destroy();
  }

  sendData(streamId: number, bytes: Buffer, fin: boolean, done: (error?: Error | null) => void): void {
    if (!this.#transport.writable) {
      done(new Error('the connection is closed'));
      return;
    }
    this.#transport.cork();
    let offset = 0;
    do {
      const piece = bytes.subarray(offset, offset + maxDataBytes);
      offset += piece.length;
      const isLast = offset >= bytes.length;
      this.#transport.write(
        encodeDataHeader(streamId, piece.length, fin && isLast),
        isLast && piece.length === 0 ? done : undefined,
      );
      if (piece.length > 0) this.#transport.write(piece, isLast ? done : undefined);
    } while (offset < bytes.length);
    this.#transport.uncork();
  }

  forget(stream: SpdyStream, isFinished: boolean): void {
    if (this.#streams.get(stream.id) !== stream) return;
    this.#streams.delete(stream.id);
    if (!isFinished) this.#send(encodeRstStream(stream.id, rstStatus.cancel));
  }

  async #receive(frame: SpdyFrame, headerReader: HeaderBlockReader): Promise<void> {
    switch (frame.type) {
      case 'syn-stream': {
        const headers = await headerReader.read(frame.headerBlock);
        if (this.#streams.size >= maxStreams || this.#streams.has(frame.streamId)) {
          this.#send(encodeRstStream(frame.streamId, rstStatus.refusedStream));
          return;
        }
        const stream = new SpdyStream(frame.streamId, headers, this);
        this.#streams.set(frame.streamId, stream);
        this.#send(encodeSynReply(frame.streamId, this.#headerWriter.write(new Map())));
        this.#onStream(stream);
        if (frame.fin) await stream.receive(Buffer.alloc(0), true);
        return;
      }
      case 'data':
        await this.#streams.get(frame.streamId)?.receive(frame.bytes, frame.fin);
        return;
      case 'rst-stream': {
        const stream = this.#streams.get(frame.streamId);
        this.#streams.delete(frame.streamId);
        stream?.destroy(new Error('the client has reset the stream'));
        return;
      }
      case 'ping':
        // The client's pings have odd numbers; an even one is the answer to ours.
        if (frame.id % 2 === 1) this.#send(encodePing(frame.id));
        else this.#unansweredPings = 0;
        return;
      case 'ignored':
        return;
    }
  }

  /**
   * Pings show that the client is gone: by missing answers, or, while a slow reader keeps us from seeing answers,
   * by a write that fails.
   */
  async #keepAlive(): Promise<void> {
    for (;;) {
      await this.#clock.sleep(pingEveryMs, this.#closed.signal);
      if (!this.#isReading) this.#unansweredPings = 0;
      if (this.#unansweredPings >= maxUnansweredPings) {
        this.#transport.destroy();
        return;
      }
      this.#unansweredPings += 1;
      this.#send(encodePing(this.#nextPingId));
      this.#nextPingId = (this.#nextPingId + 2) % 0x7fff_ffff;
    }
  }

  #send(frame: Buffer): void {
    if (this.#transport.writable) this.#transport.write(frame);
  }

  #close(): void {
    if (this.#closed.signal.aborted) return;
    this.#closed.abort(new Error('the client has gone'));
    for (const stream of this.#streams.values()) stream.destroy(new Error('the client has gone'));
    this.#streams.clear();
  }
}
