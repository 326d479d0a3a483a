/**
 * The wire side of exec, attach and port-forward: takes an HTTP upgrade that was authenticated and authorised and
 * serves it over WebSocket or SPDY/3.1, whichever the client speaks.
 *
 * kubectl 1.30 and later exec over WebSocket (`v5.channel.k8s.io`), 1.31 and later forward ports over SPDY inside
 * WebSocket; older ones, and newer ones whose WebSocket was refused, use SPDY in a POST. Everything is bounded, and
 * when a client vanishes the signal given to the handler aborts.
 */
import type { IncomingMessage } from 'node:http';
import type { Duplex, Readable } from 'node:stream';
import { createWebSocketStream } from 'ws';
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import { isStatusError, StatusError } from '../../lib/status-error.ts';
import { type ExecHandler, serveExec } from './exec-session.ts';
import type { PortForwardHandler } from './forward-connection.ts';
import { SpdyConnection } from './spdy/connection.ts';
import { ExecStreams, openSpdyExec, spdyExecProtocols } from './spdy/exec.ts';
import { SpdyPortForward, spdyPortForwardProtocol } from './spdy/port-forward.ts';
import { parsePorts, parseStreamQuery } from './stream-query.ts';
import { acceptUpgrade, refuseUpgrade } from './upgrade-response.ts';
import { acceptWebSocket } from './web-socket/accept.ts';
import { openWebSocketExec } from './web-socket/exec.ts';
import { closeSignal, keepAlive } from './web-socket/keep-alive.ts';
import { servePortChannels } from './web-socket/port-forward.ts';
import { serveReader } from './web-socket/read.ts';
import {
  type ChannelProtocol,
  chooseProtocol,
  execProtocols,
  offeredProtocols,
  portForwardProtocols,
  readerProtocols,
  spdyTunnelProtocol,
} from './web-socket/sub-protocols.ts';
import { serveTunnel } from './web-socket/tunnel.ts';

export interface StreamUpgraderDeps {
  readonly clock: Clock;
  readonly log: Logger;
  /** Ends every session when it aborts: the server stops. */
  readonly signal: AbortSignal;
}

/** Each method takes an upgrade request's parts and resolves when the session is over. None of them rejects. */
export interface StreamUpgrader {
  /** `GET` (WebSocket) or `POST` (SPDY) `…/pods/NAME/exec`. */
  exec(request: IncomingMessage, socket: Duplex, head: Buffer, handler: ExecHandler): Promise<void>;
  /** The same for `…/attach`. */
  attach(request: IncomingMessage, socket: Duplex, head: Buffer, handler: ExecHandler): Promise<void>;
  /** The same for `…/portforward`; the handler is called for each TCP connection. */
  portForward(request: IncomingMessage, socket: Duplex, head: Buffer, handler: PortForwardHandler): Promise<void>;
  /** `GET` (WebSocket) `…/log`; what `open` gives is read to its end, and a refusal of it is one of the request. */
  read(request: IncomingMessage, socket: Duplex, head: Buffer, open: OpenSource): Promise<void>;
  /** `GET` (WebSocket in `protocol`): the messages of both sides are a stream of bytes that is joined with what `open` gives. */
  tunnel(request: IncomingMessage, socket: Duplex, head: Buffer, protocol: string, open: OpenTunnel): Promise<void>;
}

/** Opens what is to be read; the signal aborts when the client has gone. */
type OpenSource = (signal: AbortSignal) => Promise<Readable>;
/** The same for what is read and written; its refusal is one of the request. */
type OpenTunnel = (signal: AbortSignal) => Promise<Duplex>;

export function createStreamUpgrader(deps: StreamUpgraderDeps): StreamUpgrader {
  const serve = (what: string, action: (upgrade: Upgrade) => Promise<void>) => {
    return async (request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> => {
      socket.on('error', () => {});
      try {
        await action({ deps, request, socket, head });
      } catch (error) {
        // Only what is refused before the upgrade comes here as a StatusError; see the order in each function.
        if (isStatusError(error)) refuseUpgrade(socket, error);
        else {
          deps.log.warn('stream failed', { stream: what, error });
          socket.destroy();
        }
      }
    };
  };
  const execAction = 'executing command in container';
  const attachAction = 'attaching to container';
  return {
    exec: (request, socket, head, handler) =>
      serve('exec', (upgrade) => runExec(upgrade, handler, execAction))(request, socket, head),
    attach: (request, socket, head, handler) =>
      serve('attach', (upgrade) => runExec(upgrade, handler, attachAction))(request, socket, head),
    portForward: (request, socket, head, handler) =>
      serve('portforward', (upgrade) => runPortForward(upgrade, handler))(request, socket, head),
    read: (request, socket, head, open) => serve('log', (upgrade) => runRead(upgrade, open))(request, socket, head),
    tunnel: (request, socket, head, protocol, open) =>
      serve(protocol, (upgrade) => runTunnel(upgrade, protocol, open))(request, socket, head),
  };
}

interface Upgrade {
  readonly deps: StreamUpgraderDeps;
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
}

async function runExec(upgrade: Upgrade, handler: ExecHandler, action: string): Promise<void> {
  const { deps, request, socket, head } = upgrade;
  const query = parseStreamQuery(request.url ?? '');
  if (isWebSocket(request)) {
    const protocol = requireChannelProtocol(request, execProtocols);
    const webSocket = await acceptWebSocket(request, socket, head, protocol.name);
    if (!webSocket) return;
    const gone = closeSignal(webSocket, deps.signal);
    const stopped = stopWith(deps.signal, () => webSocket.close(1001, 'the server is stopping'));
    const alive = keepAlive(webSocket, deps.clock, gone);
    await serveExec(openWebSocketExec(webSocket, protocol, query, gone), handler, action);
    await alive;
    stopped();
    return;
  }
  const protocol = acceptSpdy(upgrade, spdyExecProtocols);
  if (protocol === undefined) return;
  const streams = new ExecStreams(query, protocol);
  const connection = new SpdyConnection({
    transport: socket,
    clock: deps.clock,
    onStream: (stream) => streams.add(stream),
  });
  const running = connection.run();
  const gone = AbortSignal.any([connection.closed, deps.signal]);
  const stopped = stopWith(deps.signal, () => socket.destroy());
  try {
    const session = openSpdyExec(connection, await streams.all(deps.clock, gone), protocol, query.tty, gone);
    await serveExec(session, handler, action);
  } catch {
    // The client opened too few streams, or has gone: there is nowhere to say anything.
  } finally {
    socket.destroy();
  }
  await running;
  stopped();
}

async function runRead({ deps, request, socket, head }: Upgrade, open: OpenSource): Promise<void> {
  if (!isWebSocket(request)) throw new StatusError('BadRequest', 'a log is read over WebSocket or plain HTTP');
  const protocol = requireChannelProtocol(request, readerProtocols);
  const closed = new AbortController();
  socket.once('close', () => closed.abort(new Error('the client has gone')));
  const gone = AbortSignal.any([closed.signal, deps.signal]);
  const source = await open(gone);
  const webSocket = await acceptWebSocket(request, socket, head, protocol.name);
  if (!webSocket) {
    source.destroy();
    return;
  }
  const stopped = stopWith(deps.signal, () => webSocket.close(1001, 'the server is stopping'));
  const alive = keepAlive(webSocket, deps.clock, gone);
  await serveReader(webSocket, protocol, source);
  await alive;
  stopped();
}

async function runTunnel({ deps, request, socket, head }: Upgrade, protocol: string, open: OpenTunnel): Promise<void> {
  const offered = offeredProtocols(request.headers['sec-websocket-protocol']);
  if (!isWebSocket(request) || !offered.includes(protocol)) {
    throw new StatusError('BadRequest', `unable to upgrade: this is served over WebSocket as ${protocol} only`);
  }
  const closed = new AbortController();
  socket.once('close', () => closed.abort(new Error('the client has gone')));
  const gone = AbortSignal.any([closed.signal, deps.signal]);
  const inner = await open(gone);
  const webSocket = await acceptWebSocket(request, socket, head, protocol);
  if (!webSocket) {
    inner.destroy();
    return;
  }
  const stopped = stopWith(deps.signal, () => webSocket.close(1001, 'the server is stopping'));
  const alive = keepAlive(webSocket, deps.clock, gone);
  await serveTunnel(webSocket, inner);
  await alive;
  stopped();
}

async function runPortForward(upgrade: Upgrade, connect: PortForwardHandler): Promise<void> {
  const { deps, request, socket, head } = upgrade;
  if (!isWebSocket(request)) {
    if (acceptSpdy(upgrade, [spdyPortForwardProtocol]) === undefined) return;
    return serveSpdyPortForward(deps, socket, connect);
  }
  const offered = offeredProtocols(request.headers['sec-websocket-protocol']);
  if (offered.includes(spdyTunnelProtocol)) {
    const webSocket = await acceptWebSocket(request, socket, head, spdyTunnelProtocol);
    if (!webSocket) return;
    keepAlive(webSocket, deps.clock, closeSignal(webSocket, deps.signal));
    return serveSpdyPortForward(deps, createWebSocketStream(webSocket), connect);
  }
  const protocol = requireChannelProtocol(request, portForwardProtocols);
  const ports = parsePorts(request.url ?? '');
  const webSocket = await acceptWebSocket(request, socket, head, protocol.name);
  if (!webSocket) return;
  const gone = closeSignal(webSocket, deps.signal);
  const stopped = stopWith(deps.signal, () => webSocket.close(1001, 'the server is stopping'));
  const alive = keepAlive(webSocket, deps.clock, gone);
  await servePortChannels(webSocket, protocol, ports, connect, gone);
  await alive;
  stopped();
}

async function serveSpdyPortForward(
  deps: StreamUpgraderDeps,
  transport: Duplex,
  connect: PortForwardHandler,
): Promise<void> {
  const connection: SpdyConnection = new SpdyConnection({
    transport,
    clock: deps.clock,
    onStream: (stream) => forward.add(stream),
  });
  const forward = new SpdyPortForward(connect, deps.clock, connection.closed);
  const stopped = stopWith(deps.signal, () => transport.destroy());
  await connection.run();
  stopped();
}

/** Answers the SPDY handshake; undefined when the client speaks no version that we do (it has been told). */
function acceptSpdy({ request, socket, head }: Upgrade, supported: readonly string[]): string | undefined {
  if (request.headers.upgrade?.toUpperCase() !== 'SPDY/3.1') {
    throw new StatusError('BadRequest', 'Upgrade request required');
  }
  const header = request.headers['x-stream-protocol-version'];
  const offered = offeredProtocols(Array.isArray(header) ? header.join(',') : header);
  const protocol = supported.find((name) => offered.includes(name));
  if (protocol === undefined) {
    const message =
      offered.length === 0
        ? 'unable to upgrade: X-Stream-Protocol-Version is required'
        : `unable to upgrade: unable to negotiate protocol: client supports [${offered.join(' ')}], server accepts [${supported.join(' ')}]`;
    const accepted = supported.map((name) => `X-Accepted-Stream-Protocol-Versions: ${name}`);
    refuseUpgrade(socket, new StatusError('Forbidden', message), accepted);
    return undefined;
  }
  acceptUpgrade(socket, 'SPDY/3.1', [`X-Stream-Protocol-Version: ${protocol}`]);
  if (head.length > 0) socket.unshift(head);
  return protocol;
}

function isWebSocket(request: IncomingMessage): boolean {
  return request.headers.upgrade?.toLowerCase() === 'websocket';
}

function requireChannelProtocol(request: IncomingMessage, supported: readonly ChannelProtocol[]): ChannelProtocol {
  const offered = offeredProtocols(request.headers['sec-websocket-protocol']);
  const protocol = chooseProtocol(offered, supported);
  if (protocol) return protocol;
  const names = supported.map(({ name }) => name).join(' ');
  throw new StatusError(
    'BadRequest',
    `unable to upgrade: unable to negotiate protocol: client supports [${offered.join(' ')}], server accepts [${names}]`,
  );
}

/** Calls `stop` when the signal aborts; the returned function calls it off. */
function stopWith(signal: AbortSignal, stop: () => void): () => void {
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  return () => signal.removeEventListener('abort', stop);
}
