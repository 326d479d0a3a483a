/** Number of the channel whose bytes name a channel that is closed. */
export const closeChannel = 255;

/** How channels are carried in WebSocket messages (Kubernetes' `remotecommand` sub-protocols). */
export interface ChannelProtocol {
  /** As in `Sec-WebSocket-Protocol`; empty when the client named none. */
  readonly name: string;
  /** Text frames: a digit and base64, instead of binary frames: a byte and bytes. */
  readonly isBase64: boolean;
  /** A single channel can be closed (255, channel): the only way to end one direction alone. */
  readonly canClose: boolean;
  /** The error channel carries a Status as JSON, not plain text. */
  readonly hasStatus: boolean;
}

/** For exec and attach, best first. */
export const execProtocols: readonly ChannelProtocol[] = [
  { name: 'v5.channel.k8s.io', isBase64: false, canClose: true, hasStatus: true },
  { name: 'v4.channel.k8s.io', isBase64: false, canClose: false, hasStatus: true },
  { name: 'v4.base64.channel.k8s.io', isBase64: true, canClose: false, hasStatus: true },
  { name: 'base64.channel.k8s.io', isBase64: true, canClose: false, hasStatus: false },
  { name: 'channel.k8s.io', isBase64: false, canClose: false, hasStatus: false },
];

/**
 * For port-forward by channels, as the official JavaScript and Python clients do it. Kubernetes has no version 5 of it;
 * ours adds what it adds to exec, that one direction can end (docs/adr/0036).
 */
export const portForwardProtocols: readonly ChannelProtocol[] = [
  { name: 'v5.channel.k8s.io', isBase64: false, canClose: true, hasStatus: false },
  { name: 'v4.channel.k8s.io', isBase64: false, canClose: false, hasStatus: false },
  { name: 'v4.base64.channel.k8s.io', isBase64: true, canClose: false, hasStatus: false },
];

/** For clients that only read: the bytes as they are, without channels. */
export const readerProtocols: readonly ChannelProtocol[] = [
  { name: 'binary.k8s.io', isBase64: false, canClose: false, hasStatus: false },
  { name: 'base64.binary.k8s.io', isBase64: true, canClose: false, hasStatus: false },
];

/** For port-forward by kubectl 1.31 and later: the messages are a byte stream that carries SPDY/3.1. */
export const spdyTunnelProtocol = 'SPDY/3.1+portforward.k8s.io';

/** The names a client offers, in its order. */
export function offeredProtocols(header: string | undefined): string[] {
  return (header ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);
}

/** The best of `supported` that is offered; for no offer at all the plain binary one, as Kubernetes takes it. */
export function chooseProtocol(
  offered: readonly string[],
  supported: readonly ChannelProtocol[],
): ChannelProtocol | undefined {
  if (offered.length === 0) return { name: '', isBase64: false, canClose: false, hasStatus: false };
  return supported.find(({ name }) => offered.includes(name));
}
