import type { WebSocket } from 'ws';
import type { Clock } from '../../../lib/clock.ts';

/** Milliseconds between pings, and how many may stay unanswered before the client counts as gone. */
const pingEveryMs = 5_000;
const maxUnansweredPings = 4;

/**
 * Pings until `signal` aborts and cuts a client off that does not answer. While reading is paused (a process that
 * does not take its input) answers cannot be seen and do not count; a dead connection then shows by the failing write.
 */
export async function keepAlive(webSocket: WebSocket, clock: Clock, signal: AbortSignal): Promise<void> {
  let unanswered = 0;
  const heard = (): void => {
    unanswered = 0;
  };
  webSocket.on('pong', heard);
  webSocket.on('message', heard);
  try {
    for (;;) {
      await clock.sleep(pingEveryMs, signal);
      if (webSocket.isPaused) unanswered = 0;
      if (unanswered >= maxUnansweredPings) {
        webSocket.terminate();
        return;
      }
      unanswered += 1;
      webSocket.ping();
    }
  } catch {
    // Aborted: the connection is over.
  } finally {
    webSocket.off('pong', heard);
    webSocket.off('message', heard);
  }
}

/** A signal that aborts when the WebSocket closes, however it does, or when `signal` aborts. */
export function closeSignal(webSocket: WebSocket, signal: AbortSignal): AbortSignal {
  const closed = new AbortController();
  const onClose = (): void => closed.abort(new Error('the client has gone'));
  if (webSocket.readyState === webSocket.CLOSED) onClose();
  else webSocket.once('close', onClose);
  return AbortSignal.any([closed.signal, signal]);
}
