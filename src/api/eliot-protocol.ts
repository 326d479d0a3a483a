/**
 * How a device says in the TLS handshake that it is Eliot, before anything is asked of it: it chooses this protocol
 * when a client offers it (ALPN, RFC 7301). What is spoken then is HTTP/1.1. No other server knows the name, and none
 * may choose a protocol that it does not know.
 */
export const eliotProtocol = 'eliot.run/http/1.1';
