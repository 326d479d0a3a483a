import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { type WebSocket, WebSocketServer } from 'ws';
import { KeyedMutex } from '../../../lib/keyed-mutex.ts';
import { silentLogger } from '../../../lib/logger.ts';
import { FakeClock } from '../../../testing/fake-clock.ts';
import { Collector, execRequest, inputOf } from '../../../testing/runtime-fixtures.ts';
import type { ContainerId } from '../../runtime.ts';
import type { StreamDeps } from '../stream-deps.ts';
import { attachToContainer } from './attach.ts';

/** A streaming server as containerd's: the first connection joins only when it is told to. */
class StreamingServer {
  readonly #server = new WebSocketServer({ port: 0, host: '127.0.0.1', autoPong: false });
  readonly connections: WebSocket[] = [];
  readonly pings: Buffer[] = [];
  input = '';

  async start(): Promise<void> {
    await once(this.#server, 'listening');
    this.#server.on('connection', (connection) => {
      this.connections.push(connection);
      connection.on('ping', (data) => this.pings.push(data));
      connection.on('message', (data: Buffer) => (this.input += data.subarray(1).toString()));
    });
  }

  get grpc(): StreamDeps['grpc'] {
    const url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    const info = { info: JSON.stringify({ config: { stdin: true, stdin_once: true } }) };
    return { unary: async () => ({ url, info }) } as never;
  }

  async until(what: () => boolean): Promise<void> {
    while (!what()) await new Promise((resolve) => setImmediate(resolve));
  }

  /** As containerd does once somebody reads the connection's input. */
  join(): void {
    this.connections[0]?.pong(this.pings[0]);
  }

  print(text: string): void {
    this.connections[0]?.send(Buffer.concat([Buffer.from([1]), Buffer.from(text)]));
  }

  end(): void {
    for (const connection of this.connections) connection.close(1000);
  }

  close(): void {
    for (const connection of this.connections.splice(0)) connection.terminate();
    this.pings.length = 0;
    this.input = '';
  }

  stop(): void {
    this.close();
    this.#server.close();
  }
}

describe('attaching to a container', () => {
  const server = new StreamingServer();
  before(() => server.start());
  after(() => server.stop());

  const attach = (clock: FakeClock, stdout: Collector, signal = new AbortController().signal): Promise<void> => {
    const deps = { grpc: server.grpc, clock, log: silentLogger, holds: new KeyedMutex() };
    return attachToContainer(deps, 'c1' as ContainerId, execRequest({ stdin: inputOf('typed\n'), stdout }), signal);
  };

  it('sends no input before the output has joined, so that an answer at once is heard', async () => {
    const clock = new FakeClock();
    const stdout = new Collector();
    const attached = attach(clock, stdout);
    await server.until(() => server.pings.length === 1);
    assert.equal(server.connections.length, 1);
    server.join();
    await server.until(() => server.input === 'typed\n');
    assert.equal(server.connections.length, 2);
    server.print('answer\n');
    server.end();
    await attached;
    assert.equal(stdout.text, 'answer\n');
    server.close();
  });

  it('takes output as a sign that it has joined', async () => {
    const attached = attach(new FakeClock(), new Collector());
    await server.until(() => server.connections.length === 1);
    server.print('prompt> ');
    await server.until(() => server.input === 'typed\n');
    server.end();
    await attached;
    server.close();
  });

  it('sends the input after five seconds without a sign', async () => {
    const clock = new FakeClock();
    const attached = attach(clock, new Collector());
    await server.until(() => server.pings.length === 1 && clock.sleeping > 0);
    assert.equal(server.input, '');
    clock.advance(5_000);
    await server.until(() => server.input === 'typed\n');
    server.end();
    await attached;
    server.close();
  });

  it('is given up while it waits for the sign', async () => {
    const gone = new AbortController();
    const attached = attach(new FakeClock(), new Collector(), gone.signal);
    await server.until(() => server.pings.length === 1);
    gone.abort(new Error('the client has gone'));
    await assert.rejects(attached, { message: 'the client has gone' });
    server.close();
  });
});
