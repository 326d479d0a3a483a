/** Whether somebody listens on a TCP port. */
import { connect } from 'node:net';
import { hostPort } from '../../lib/host-port.ts';
import { networkErrorText } from './network-error.ts';

/** Opens a connection and closes it at once; why it could not, else undefined. Throws the signal's reason. */
export async function tcpConnect(host: string, port: number, signal: AbortSignal): Promise<string | undefined> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<string | undefined>();
  const socket = connect({ host, port });
  const onAbort = (): void => reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  socket.once('connect', () => resolve(undefined));
  socket.once('error', (error) => resolve(networkErrorText(error, hostPort(host, port))));
  try {
    return await promise;
  } finally {
    signal.removeEventListener('abort', onAbort);
    socket.on('error', () => undefined);
    socket.destroy();
  }
}
