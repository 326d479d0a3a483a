/**
 * The paths of pairing: the only ones beside the health checks that answer a stranger. Each takes one small JSON body within
 * seconds, and what they do is the port's business; nothing else of the server can be reached through them.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { TLSSocket } from 'node:tls';
import {
  bindingBytes,
  bindingLabel,
  type CodeRequest,
  certificatePath,
  codePath,
  type ProvenMessage,
  type ShareMessage,
  sharePath,
} from '../../api/pairing/exchange.ts';
import type { Clock } from '../../lib/clock.ts';
import { StatusError } from '../../lib/status-error.ts';
import type { Listener } from '../authn.ts';
import { leaveNoPlace, sendJson } from '../http/answer.ts';
import { readBody } from '../http/read-body.ts';
import type { Pairing, PairingConnection } from '../pairing.ts';
import { unknownPath } from '../registry/errors.ts';
import { ExchangeDeadlines } from './exchange-deadlines.ts';
import { Strangers } from './strangers.ts';

/** A certificate request has a kilobyte. */
const maxRequestBytes = 16 * 1024;
/** For the whole body of a request, however it trickles in. */
const bodyTimeoutMs = 10_000;

export interface PairingRequest {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly listener: Listener;
  readonly signal: AbortSignal;
}

/** Answers a request about pairing; resolves with false when `path` is not one of its paths. */
export type HandlePairing = (incoming: PairingRequest, path: string) => Promise<boolean>;

/** @param pairing undefined for a server that pairs with nobody */
export function createHandlePairing(pairing: Pairing | undefined, clock: Clock): HandlePairing {
  const deadlines = new ExchangeDeadlines(clock);
  const strangers = new Strangers();
  const answerCounted = async (to: Pairing, incoming: PairingRequest, path: string): Promise<object> => {
    // Root is no stranger: none of them keeps him from opening a code.
    if (incoming.listener === 'unix') return answer(to, incoming, path, clock);
    const peer = incoming.request.socket.remoteAddress ?? 'unknown';
    const leave = strangers.enter(peer);
    if (leave === undefined) {
      to.turnedAway(peer);
      throw new StatusError('TooManyRequests', 'too many want to pair at once; try again');
    }
    try {
      return await answer(to, incoming, path, clock);
    } finally {
      leave();
    }
  };
  return async (incoming, path) => {
    if (pairing === undefined || ![codePath, sharePath, certificatePath].includes(path)) return false;
    const { request, response } = incoming;
    deadlines.stop(request.socket);
    let value: object;
    try {
      value = await answerCounted(pairing, incoming, path);
    } catch (error) {
      leaveNoPlace(response);
      throw error;
    }
    // The one answer after which more is to come, and on the same connection.
    if (path === sharePath) deadlines.start(request.socket);
    else leaveNoPlace(response);
    await sendJson({ ...incoming, clock }, 200, value);
    return true;
  };
}

async function answer(pairing: Pairing, incoming: PairingRequest, path: string, clock: Clock): Promise<object> {
  const { request, listener, signal } = incoming;
  // A code is for who is at the device: to everybody else the path does not exist.
  if ((path === codePath) !== (listener === 'unix')) throw unknownPath();
  if (request.method !== 'POST') throw new StatusError('MethodNotAllowed', `${path} takes POST only`);
  const body = await readJson(request, clock);
  switch (path) {
    case codePath:
      return pairing.openCode(expectShape<CodeRequest>(body, isCodeRequest));
    case sharePath: {
      const { share } = expectShape<ShareMessage>(body, hasTexts('share'));
      const own = pairing.beginExchange(connectionOf(request), Buffer.from(share, 'base64'));
      return { share: own.toString('base64') };
    }
    default: {
      const message = expectShape<ProvenMessage>(body, hasTexts('payload', 'proof'));
      return await pairing.finishExchange(connectionOf(request), message, signal);
    }
  }
}

function connectionOf({ socket }: IncomingMessage): PairingConnection {
  if (!(socket instanceof TLSSocket)) throw unknownPath();
  // Then TLS has nothing to say of it any more.
  if (socket.destroyed) throw new StatusError('BadRequest', 'the connection has ended');
  return {
    id: socket,
    binding: socket.exportKeyingMaterial(bindingBytes, bindingLabel, Buffer.alloc(0)),
    peer: socket.remoteAddress ?? 'unknown',
  };
}

async function readJson(request: IncomingMessage, clock: Clock): Promise<Readonly<Record<string, unknown>>> {
  const done = new AbortController();
  const late = clock.sleep(bodyTimeoutMs, done.signal).then(
    () => void request.destroy(),
    () => {},
  );
  try {
    const value: unknown = JSON.parse((await readBody(request, clock, maxRequestBytes)).toString('utf8'));
    if (typeof value === 'object' && value !== null) return value as Readonly<Record<string, unknown>>;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  } finally {
    done.abort();
    await late;
  }
  throw new StatusError('BadRequest', 'the body must be a JSON object');
}

function expectShape<T>(body: Readonly<Record<string, unknown>>, fits: (body: Record<string, unknown>) => boolean): T {
  if (!fits(body)) throw new StatusError('BadRequest', 'the body lacks a field, or one has the wrong type');
  return body as T;
}

function hasTexts(...keys: readonly string[]): (body: Readonly<Record<string, unknown>>) => boolean {
  return (body) => keys.every((key) => typeof body[key] === 'string');
}

function isCodeRequest({ groups, name }: Readonly<Record<string, unknown>>): boolean {
  const isName = name === undefined || typeof name === 'string';
  return isName && Array.isArray(groups) && groups.every((group) => typeof group === 'string');
}
