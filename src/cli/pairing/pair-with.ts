/**
 * eli's side of the exchange (docs/adr/0040): shows the device that it knows the code, lets the device show the same, and gets a
 * certificate for a key of its own. Nothing is kept here.
 */
import { createPublicKey, X509Certificate } from 'node:crypto';
import {
  bindingBytes,
  bindingLabel,
  type CertificateAnswer,
  certificatePath,
  isProven,
  type PairingKeys,
  type ProvenMessage,
  pairingInputs,
  pairingKeys,
  prove,
  type ShareMessage,
  sharePath,
} from '../../api/pairing/exchange.ts';
import { RestClient } from '../../client/rest-client.ts';
import { Transport } from '../../client/transport.ts';
import { createShare } from '../../lib/cpace/cpace.ts';
import { isStatusError, StatusError } from '../../lib/status-error.ts';
import { createCertificateRequest } from './certificate-request.ts';

/** What a device gave: who it is, and with what it lets us in. */
export interface Paired extends CertificateAnswer {
  /** PEM of the key of the certificate. */
  readonly key: string;
}

/** The other side did not know the code, or is not who it seems to be. */
export class NotTheDevice extends Error {
  override readonly name = 'NotTheDevice';
}

/**
 * Pairs with the device at `server`.
 *
 * @param code as `readCode` gives it
 * @param name of the person, for the certificate
 * @throws NotTheDevice when whoever answered did not prove that it knows the code; StatusError as the device refused, or when it
 *   cannot be reached
 */
export async function pairWith(server: string, code: string, name: string, signal: AbortSignal): Promise<Paired> {
  // Who it is shows the exchange: its authority is not known yet.
  const transport = new Transport({ server, insecureSkipTlsVerify: true });
  try {
    const rest = new RestClient({ transport });
    const keys = await agreeOnKeys(transport, rest, code, signal);
    const { key, request } = createCertificateRequest(name);
    const message = await rest.json<ProvenMessage>({
      method: 'POST',
      path: certificatePath,
      body: prove(keys.eli, { request }),
      signal,
    });
    if (!isProvenMessage(message) || !isProven(keys.eliotd, message)) {
      throw new NotTheDevice('whoever answered does not know the code');
    }
    const answer = JSON.parse(message.payload) as CertificateAnswer;
    checkCertificate(answer, key);
    return { ...answer, key };
  } finally {
    transport.close();
  }
}

/** The first message and its answer. */
async function agreeOnKeys(
  transport: Transport,
  rest: RestClient,
  code: string,
  signal: AbortSignal,
): Promise<PairingKeys> {
  await transport.negotiate(['http/1.1'], signal);
  const binding = transport.bindingOf(bindingLabel, bindingBytes);
  if (binding === undefined) throw new NotTheDevice('whoever answered does not speak TLS 1.3');
  const inputs = pairingInputs(code, binding);
  const own = createShare(inputs);
  const body = { share: own.share.toString('base64') };
  const { share } = await rest
    .json<Partial<ShareMessage>>({ method: 'POST', path: sharePath, body, signal })
    .catch((cause: unknown) => {
      // An eliotd says neither to a first message.
      if (!isStatusError(cause, 'NotFound') && !isStatusError(cause, 'Unauthorized')) throw cause;
      const what = `${transport.address} does not pair: it is no eliotd, or one of an older version`;
      throw new StatusError('NotFound', what, { cause });
    });
  const keys = pairingKeys(inputs, own, Buffer.from(String(share), 'base64'), 'eli');
  if (keys === undefined) throw new NotTheDevice('whoever answered does not take part in the exchange');
  return keys;
}

function isProvenMessage({ payload, proof }: Partial<ProvenMessage>): boolean {
  return typeof payload === 'string' && typeof proof === 'string';
}

/** What was proven is the device's word; that it fits together shows that it is of use. */
function checkCertificate({ certificate, authority }: CertificateAnswer, key: string): void {
  const issued = new X509Certificate(certificate);
  const spki = { type: 'spki', format: 'der' } as const;
  const fits =
    issued.publicKey.export(spki).equals(createPublicKey(key).export(spki)) &&
    issued.verify(new X509Certificate(authority).publicKey);
  if (!fits) throw new StatusError('InternalError', 'the device sent a certificate that does not fit the key');
}
