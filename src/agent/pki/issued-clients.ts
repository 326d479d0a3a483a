/**
 * The table of issued client certificates (design D7): a certificate that has no row here is nobody,
 * whoever signed it. Deleting the row revokes it at once.
 *
 * Rows are intent in the store, so they outlive a power cut; `has` answers from memory, because it is
 * asked at every request.
 */
import { X509Certificate } from 'node:crypto';
import type { Clock } from '../../lib/clock.ts';
import { formatTime } from '../../lib/clock.ts';
import { StatusError } from '../../lib/status-error.ts';
import type { Store } from '../../store/store.ts';

const prefix = '/eliot/issued-clients/';

export interface IssuedClient {
  /** SHA-256 of the certificate's DER, lower-case hex. */
  readonly fingerprint: string;
  readonly name: string;
  readonly groups: readonly string[];
  /** RFC 3339. */
  readonly issued: string;
}

/** The fingerprint under which a certificate (PEM) stands in the table. */
export function fingerprintOf(pem: string): string {
  return new X509Certificate(pem).fingerprint256.replaceAll(':', '').toLowerCase();
}

export class IssuedClients {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #rows = new Map<string, IssuedClient>();
  readonly #listeners = new Set<(client: IssuedClient) => void>();

  constructor(deps: { readonly store: Store; readonly clock: Clock }) {
    this.#store = deps.store;
    this.#clock = deps.clock;
  }

  /** Reads the table; call it once before the first `has`. */
  async load(): Promise<void> {
    const { entries } = await this.#store.list(prefix);
    for (const { intent } of entries) {
      if (intent === undefined) continue;
      const client = JSON.parse(intent) as IssuedClient;
      this.#rows.set(client.fingerprint, client);
    }
  }

  /** Whether the certificate with this fingerprint was issued here and not revoked. */
  has(fingerprint: string): boolean {
    return this.#rows.has(fingerprint);
  }

  list(): readonly IssuedClient[] {
    return [...this.#rows.values()];
  }

  /** Adds a row unless the certificate has one. Durable when this resolves. */
  async add(pem: string, name: string, groups: readonly string[]): Promise<void> {
    const fingerprint = fingerprintOf(pem);
    if (this.#rows.has(fingerprint)) return;
    const client: IssuedClient = { fingerprint, name, groups, issued: formatTime(this.#clock.now()) };
    const stored = await this.#store.put({ key: prefix + fingerprint, intent: JSON.stringify(client), expected: 0 });
    if (stored === 'Conflict') throw new StatusError('Conflict', `client certificate of "${name}" was added meanwhile`);
    this.#rows.set(fingerprint, client);
  }

  /** Deletes the row: the certificate is nobody from now on, and who listens ends its open connections. */
  async revoke(fingerprint: string): Promise<void> {
    const client = this.#rows.get(fingerprint);
    if (!client) throw new StatusError('NotFound', `no client certificate with fingerprint ${fingerprint}`);
    // First in memory: from here on no request passes, also while the disk is slow.
    this.#rows.delete(fingerprint);
    const entry = await this.#store.get(prefix + fingerprint);
    if (entry) await this.#store.delete(entry.key, entry.revision);
    for (const listener of this.#listeners) listener(client);
  }

  /** Calls `listener` for each revoked client, until the returned function is called. */
  onRevoked(listener: (client: IssuedClient) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
