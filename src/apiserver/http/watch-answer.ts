/** A watch on the wire: one JSON line an event, until the client leaves, its time is up, or history is gone. */
import { randomInt } from 'node:crypto';
import { isStatusError } from '../../lib/status-error.ts';
import type { AnyKind } from '../registry/context.ts';
import type { RegistryWatchEvent } from '../registry/watch.ts';
import type { Exchange } from './exchange.ts';
import { presentationOf, watchLine } from './object-answer.ts';
import { readInteger } from './query.ts';
import { failureStatus } from './status-answer.ts';
import { writeWithPressure } from './write-with-pressure.ts';

/** A watch without timeoutSeconds ends after half an hour to an hour, as Kubernetes' do (min-request-timeout). */
const minWatchSeconds = 1800;

/** How a watch ended, as the abort reason of its own timer. */
const timeIsUp = Symbol('time is up');

/** Makes the events; `signal` aborts when the client is gone, the server closes or the time is up. */
export type OpenWatch = (signal: AbortSignal) => AsyncIterable<RegistryWatchEvent>;

/**
 * Streams a watch. A client that reads too slowly is sent to list again (410 as an ERROR event) or, when it
 * reads nothing at all, dropped.
 */
export async function sendWatch(exchange: Exchange, kind: AnyKind, openWatch: OpenWatch): Promise<void> {
  const { response, clock } = exchange;
  const presentation = presentationOf(exchange);
  const seconds = readInteger(exchange.query, 'timeoutSeconds') || minWatchSeconds + randomInt(minWatchSeconds);
  const timer = new AbortController();
  const signal = AbortSignal.any([exchange.signal, timer.signal]);
  const events = openWatch(signal);

  response.writeHead(200, { 'Content-Type': 'application/json', 'Cache-Control': 'no-cache, private' });
  response.flushHeaders();
  clock.sleep(seconds * 1000, signal).then(
    () => timer.abort(timeIsUp),
    () => undefined,
  );
  try {
    let isFirst = true;
    for await (const event of events) {
      const line = watchLine(kind, event, presentation, clock.now(), isFirst);
      // A bookmark tells of no object and names no columns.
      if (event.type !== 'BOOKMARK') isFirst = false;
      await writeWithPressure(response, line, { clock, signal: exchange.signal });
    }
  } catch (error) {
    if (exchange.signal.aborted) return;
    if (!isStatusError(error, 'Expired')) throw error;
    response.write(`${JSON.stringify({ type: 'ERROR', object: failureStatus(error) })}\n`);
  } finally {
    timer.abort();
  }
  response.end();
}
