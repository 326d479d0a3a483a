import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** Opens one TCP connection to a port of the pod; see `PodStreams.portForward`. */
export type PortForwardHandler = (port: number, signal: AbortSignal) => Promise<Duplex>;

/**
 * Joins a client's stream with a connection to the pod until both directions have ended or one has failed; then
 * neither is left open.
 *
 * @returns what to tell the client on the error channel, or undefined when it went well. A connection that the
 *   pod resets after it was open is not reported, as in Kubernetes: the client sees the end.
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
  let connection: Duplex;
  try {
    connection = await connect(port, gone);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return gone.aborted ? undefined : `error forwarding port ${port} to pod: ${message}`;
  }
  try {
    await Promise.all([pipeline(client, connection, { signal: gone }), pipeline(connection, client, { signal: gone })]);
  } catch {
    // One side broke off. The other one is told by the closing below.
  } finally {
    connection.destroy();
  }
  return undefined;
}
