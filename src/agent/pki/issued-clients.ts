/**
 * The table of issued client certificates (design D7): a certificate that has no row here is nobody, whoever signed it.
 *
 * Its rows are the Client objects, so they outlive a power cut, and deleting one revokes the certificate at once: before
 * the deletion is answered no request of it passes any more and its open connections have ended. `has` answers from memory,
 * because it is asked at every request.
 */
import { X509Certificate } from 'node:crypto';
import { type Client, clientKind, clientObjectNames } from '../../api/kinds/client.ts';
import type { KubeList, KubeObject } from '../../api/meta.ts';
import { mastersGroup, systemUser } from '../../apiserver/identity.ts';
import type { AnyKind, WriteContext } from '../../apiserver/registry/context.ts';
import type { Deletion, DeletionStep } from '../../apiserver/registry/deletion-step.ts';
import { forbidden } from '../../apiserver/registry/errors.ts';
import { KeyedMutex } from '../../lib/keyed-mutex.ts';
import { isStatusError } from '../../lib/status-error.ts';

export interface IssuedClient {
  /** SHA-256 of the certificate's DER, lower-case hex. */
  readonly fingerprint: string;
  readonly name: string;
  readonly groups: readonly string[];
  /** Name of its Client object. */
  readonly objectName: string;
}

/** The registry, as far as the table needs it. */
export interface ClientObjects {
  list(kind: AnyKind): Promise<KubeList>;
  createOwn(kind: AnyKind, body: KubeObject, context: WriteContext): Promise<KubeObject>;
}

const writer: WriteContext = {
  user: systemUser('system:eliot:pairing'),
  fieldManager: 'eliot-pairing',
  dryRun: false,
  fieldValidation: 'Strict',
  duplicateFields: [],
  warn: () => {},
};

/** The fingerprint under which a certificate (PEM) stands in the table. */
export function fingerprintOf(pem: string): string {
  return new X509Certificate(pem).fingerprint256.replaceAll(':', '').toLowerCase();
}

export class IssuedClients {
  readonly #objects: ClientObjects;
  readonly #rows = new Map<string, IssuedClient>();
  readonly #listeners = new Set<(client: IssuedClient) => void>();
  readonly #issuedListeners = new Set<(client: IssuedClient) => void>();
  readonly #deletions = new KeyedMutex();

  constructor(objects: ClientObjects) {
    this.#objects = objects;
  }

  /** Reads the table; call it once before the first `has`. */
  async load(): Promise<void> {
    const { items } = await this.#objects.list(clientKind);
    for (const object of items) this.#remember(object as Client);
  }

  /** Whether the certificate with this fingerprint was issued here and not revoked. */
  has(fingerprint: string): boolean {
    return this.#rows.has(fingerprint);
  }

  /** The row of a certificate; undefined when it was not issued here, or revoked. */
  find(fingerprint: string): IssuedClient | undefined {
    return this.#rows.get(fingerprint);
  }

  list(): readonly IssuedClient[] {
    return [...this.#rows.values()];
  }

  /**
   * Adds a row unless the certificate has one. Durable when this resolves.
   *
   * @param name of the person, as it stands in the certificate
   * @returns the name of its Client object
   */
  add(pem: string, name: string, groups: readonly string[]): Promise<string> {
    return this.adopt({ fingerprint: fingerprintOf(pem), name, groups });
  }

  /** As `add`, for a certificate of which only the fingerprint is known. */
  async adopt({ fingerprint, name, groups }: Omit<IssuedClient, 'objectName'>): Promise<string> {
    const present = this.#rows.get(fingerprint);
    if (present) return present.objectName;
    const [plain, telling] = clientObjectNames(name, fingerprint);
    const spec = { user: name, groups: [...groups], fingerprint };
    const create = (objectName: string): Promise<string> => this.#create(objectName, spec);
    try {
      return await create(plain);
    } catch (error) {
      // Another certificate of the same person.
      if (!isStatusError(error, 'AlreadyExists')) throw error;
      return create(telling);
    }
  }

  /** Calls `listener` for each client that gets a row, until the returned function is called. */
  onIssued(listener: (client: IssuedClient) => void): () => void {
    this.#issuedListeners.add(listener);
    return () => this.#issuedListeners.delete(listener);
  }

  /** Calls `listener` for each revoked client, until the returned function is called. */
  onRevoked(listener: (client: IssuedClient) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** To stand in the registry: revokes the certificate of a Client that is deleted, and refuses the last administrator's. */
  readonly deletionStep: DeletionStep = async (deletion, proceed) => {
    if (deletion.kind.group !== clientKind.group || deletion.kind.resource !== clientKind.resource) return proceed();
    // One at a time: of the last two administrators each would see the other.
    return this.#deletions.run('', () => this.#revoke(deletion, proceed), AbortSignal.timeout(deletionTimeoutMs));
  };

  async #revoke<T>(deletion: Deletion, proceed: () => Promise<T | 'Conflict'>): Promise<T | 'Conflict'> {
    const { fingerprint } = (deletion.object as Client).spec;
    const row = this.#rows.get(fingerprint);
    if (row === undefined) return proceed();
    this.#checkMayGo(row, deletion);
    if (deletion.options.dryRun) return proceed();
    // First in memory: from here on no request passes, also while the disk is slow.
    this.#rows.delete(fingerprint);
    let isGone = false;
    try {
      const result = await proceed();
      isGone = result !== 'Conflict';
      return result;
    } finally {
      if (isGone) for (const listener of this.#listeners) listener(row);
      else this.#rows.set(fingerprint, row);
    }
  }

  /** Nobody locks himself out by accident: the last administrator goes at the device itself only. */
  #checkMayGo(row: IssuedClient, { kind, user }: Deletion): void {
    const isMaster = ({ groups }: IssuedClient): boolean => groups.includes(mastersGroup);
    if (!isMaster(row) || user.isLocalRoot) return;
    if (this.list().some((other) => other !== row && isMaster(other))) return;
    const why = `it is the last certificate in ${mastersGroup}, without which nobody can manage the device over the network; pair another one first, or delete it as root on the device itself`;
    throw forbidden(kind, row.objectName, why);
  }

  async #create(objectName: string, spec: Client['spec']): Promise<string> {
    const object = { apiVersion: 'eliot.run/v1alpha1', kind: 'Client', metadata: { name: objectName }, spec };
    const row = this.#remember((await this.#objects.createOwn(clientKind, object, writer)) as Client);
    for (const listener of this.#issuedListeners) listener(row);
    return objectName;
  }

  #remember({ metadata: { name = '' }, spec: { user, groups = [], fingerprint } }: Client): IssuedClient {
    const row = { fingerprint, name: user, groups, objectName: name };
    this.#rows.set(fingerprint, row);
    return row;
  }
}

/** Longer than the store waits for a slow disk. */
const deletionTimeoutMs = 60_000;
