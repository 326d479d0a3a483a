import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { isStatusError } from '../../lib/status-error.ts';

/** Opens one TCP connection to a port of the pod; see `PodStreams.portForward`. */
export type PortForwardHandler = (port: number, signal: AbortSignal) => Promise<Duplex>;

/**
 * Joins a client's stream with a connection to the pod until both directions have ended or one has failed; then
 * neither is left open.
 *
 * @returns what to tell the client on the error channel, or undefined when it went well. Only a connection that could
 *   not be made is a failure; one that the pod resets later just ends, as in Kubernetes.
 */
export async function forwardConnection(
  client: Duplex,
  port: number,
  connect: PortForwardHandler,
  signal: AbortSignal,
): Promise<string | undefined> {
  const isClosed = new AbortController();
  client.once('close', () => isClosed.abort(new Error('the client has closed the connection')));
  if (client.destroyed) isClosed.abort();
  const gone = AbortSignal.any([signal, isClosed.signal]);
  let failure: unknown;
  try {
    const connection = await connect(port, gone);
    // The connection may be refused after it was handed over; its own error says so.
    connection.on('error', (error) => {
      failure ??= error;
    });
    try {
      const options = { signal: gone };
      await Promise.all([pipeline(client, connection, options), pipeline(connection, client, options)]);
    } finally {
      connection.destroy();
    }
  } catch (error) {
    failure ??= error;
  }
  if (signal.aborted || !isStatusError(failure)) return undefined;
  return `error forwarding port ${port} to pod: ${failure.message}`;
}
