/** A kubeconfig to look at, as `kubectl config view` shows it. */
import { isEntry } from '../../client/kubeconfig-file.ts';
import type { KubeconfigDocument } from './kubeconfig-document.ts';

const redacted = 'REDACTED';
const omitted = 'DATA+OMITTED';

/** What stands for a value, by its key: kubectl's words. Certificates are no secret, but long. */
const replacements: Readonly<Record<string, string>> = {
  'certificate-authority-data': omitted,
  'client-certificate-data': omitted,
  'client-key-data': omitted,
  token: redacted,
  password: redacted,
};

/** The same document with certificates, keys, tokens and passwords left out. */
export function withoutSecrets(document: KubeconfigDocument): KubeconfigDocument {
  return redact(document) as KubeconfigDocument;
}

function redact(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(redact);
  if (!isEntry(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      const replacement = typeof inner === 'string' && inner !== '' ? replacements[key] : undefined;
      return [key, replacement ?? redact(inner)];
    }),
  );
}
