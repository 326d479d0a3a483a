/** The devices that this user has paired with, as `eli`'s own kubeconfig has them. */
import { createHash } from 'node:crypto';
import { type ContextEntry, contextsOf, currentContextOf, type KubeconfigDocument } from './kubeconfig-document.ts';

export interface PairedDevice {
  /** Of its context: the name of its node, with a number behind it when two devices have one name. */
  readonly name: string;
  /** `https://HOST:PORT`, where it was reached when it was paired. */
  readonly server: string | undefined;
  readonly namespace: string | undefined;
  /** SHA-256 of its authority's certificate (DER) in lower-case hex: what makes it this device, at whatever address. */
  readonly fingerprint: string | undefined;
  /** Used when none is asked for. */
  readonly isCurrent: boolean;
}

/** The devices that a kubeconfig names, in its order. */
export function devicesIn(document: KubeconfigDocument): readonly PairedDevice[] {
  const current = currentContextOf(document);
  return contextsOf(document).map((context) => ({
    name: context.name,
    server: textOf(context.cluster['server']),
    namespace: context.namespace,
    fingerprint: authorityOf(context),
    isCurrent: context.name === current,
  }));
}

/** @param pem of the authority's certificate; SHA-256 of its DER in lower-case hex, undefined when it is no certificate */
export function authorityFingerprint(pem: string): string | undefined {
  const [, body] = /-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/.exec(pem) ?? [];
  return body === undefined ? undefined : createHash('sha256').update(Buffer.from(body, 'base64')).digest('hex');
}

function authorityOf({ cluster }: ContextEntry): string | undefined {
  const data = textOf(cluster['certificate-authority-data']);
  return data === undefined ? undefined : authorityFingerprint(Buffer.from(data, 'base64').toString('latin1'));
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
