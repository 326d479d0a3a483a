/**
 * OpenID Connect discovery: how programs that trust the device's tokens find the key to check them with, as
 * Kubernetes' ServiceAccountIssuerDiscovery serves it.
 */
import type { Exchange } from '../http/exchange.ts';
import { issuer } from '../tokens/service-account-tokens.ts';
import type { TokenKey } from '../tokens/token-key.ts';

const cacheControl = 'public, max-age=3600';

/** `/.well-known/openid-configuration` or `/openid/v1/jwks`. */
export function sendOpenId(exchange: Exchange, key: TokenKey, document: 'configuration' | 'keys'): void {
  const isKeys = document === 'keys';
  const text = JSON.stringify(isKeys ? { keys: [key.jwk] } : configuration(exchange));
  exchange.response.writeHead(200, {
    'Content-Type': isKeys ? 'application/jwk-set+json' : 'application/json',
    'Content-Length': Buffer.byteLength(text),
    'Cache-Control': cacheControl,
  });
  exchange.response.end(text);
}

function configuration({ request }: Exchange): unknown {
  return {
    issuer,
    jwks_uri: `https://${reachedAs(request.socket)}/openid/v1/jwks`,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['ES256'],
  };
}

/** The address that the one who asks has used: it leads here from where he is, a pod or the LAN. */
function reachedAs({ localAddress, localPort }: Exchange['request']['socket']): string {
  // The unix socket has no address; its users read the document, and the name is the issuer's own.
  if (localAddress === undefined) return new URL(issuer).host;
  const address = localAddress.replace(/^::ffff:/, '');
  return `${address.includes(':') ? `[${address}]` : address}:${localPort}`;
}
