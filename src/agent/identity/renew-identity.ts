/**
 * `eliotd reset --identity`: makes another device of a copy. Everything by which this one is known goes: the certificate
 * authority and what it signed, the people who were let in, the key of the tokens, the uid of the node. What it runs
 * stays, and goes on running: the next start makes a new identity for it.
 *
 * The id of the instance stays: it never leaves the machine, and the containers that run are known by it.
 */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Client } from '../../api/kinds/client.ts';
import { clientKind } from '../../api/kinds/client.ts';
import { nodeKind } from '../../api/kinds/node.ts';
import type { KubeObject } from '../../api/meta.ts';
import { keyPrefix } from '../../apiserver/registry/keys.ts';
import { createFiles } from '../../host/files.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import { StatusError } from '../../lib/status-error.ts';
import { lockDataDir } from '../../store/data-dir-lock.ts';
import { openSqliteStore } from '../../store/sqlite-open.ts';
import type { Store } from '../../store/store.ts';
import { readDeviceIdentity } from '../device-identity.ts';
import { createIdentityFiles } from '../identity-files.ts';
import { adminName } from '../pki/pki.ts';
import { machineRecordName } from './other-machine.ts';

export interface RenewIdentityOptions {
  readonly settings: { readonly dataDir: string; readonly runDir: string };
  readonly clock: Clock;
  readonly log: Logger;
}

/** In the data directory; made anew at the next start. */
const identityFiles = ['admin.kubeconfig', machineRecordName, 'pki'];

/**
 * Repeatable: one that was interrupted is finished by the next.
 *
 * @returns whom the device let in until now
 * @throws StatusError `Invalid` when there is no instance, `ServiceUnavailable` when its database cannot be written
 * @throws Error when an eliotd runs on the data directory
 */
export async function renewIdentity({ settings, clock, log }: RenewIdentityOptions): Promise<readonly string[]> {
  const { dataDir, runDir } = settings;
  const files = createFiles();
  if (!(await files.list(dataDir))?.includes('instance-id')) {
    throw new StatusError('Invalid', `${dataDir} holds no Eliot instance; nothing was changed`);
  }
  const lock = lockDataDir(dataDir);
  try {
    await files.makeDirectory(runDir, 0o700);
    const { bootId } = await readDeviceIdentity(dataDir, createIdentityFiles(files));
    const { store, readOnly } = await openSqliteStore({
      intentPath: join(dataDir, 'eliot.db'),
      volatilePath: join(runDir, 'volatile.db'),
      bootId,
      clock,
      log,
    });
    try {
      if (readOnly)
        throw new StatusError('ServiceUnavailable', `the database in ${dataDir} is damaged; nothing was changed`);
      const names = await forgetClients(store);
      await renewNodes(store, randomUUID);
      // Last: without them nobody is let in, whatever the database says.
      for (const name of identityFiles) await files.remove(join(dataDir, name));
      return names;
    } finally {
      await store.close();
    }
  } finally {
    lock.release();
  }
}

/** What a person is told who renewed an identity. */
export function describeRenewal(dataDir: string, clients: readonly string[]): string {
  // The device makes its own administrator by itself.
  const people = clients.filter((name) => name !== adminName);
  return [
    `The device in ${dataDir} gets a new identity when eliotd starts next.`,
    'Its certificates, the key of its tokens and the uid of its node are gone; what it runs has stayed.',
    people.length === 0
      ? 'Nobody was paired with it.'
      : `To be paired anew, with "eliotd pair" on the device: ${people.join(', ')}.`,
    '',
  ].join('\n');
}

/** Removes every row of the table of issued clients; gives their users, each once, in order. */
export async function forgetClients(store: Store): Promise<readonly string[]> {
  const { entries } = await store.list(keyPrefix(clientKind));
  const users = new Set<string>();
  for (const { key, intent, revision } of entries) {
    const { spec } = JSON.parse(intent ?? '{}') as Partial<Client>;
    if (spec) users.add(spec.user);
    await store.delete(key, revision);
  }
  return [...users].sort();
}

/** Gives the node another uid; what it is called and how it is labelled stays. */
export async function renewNodes(store: Store, newUid: () => string): Promise<void> {
  const { entries } = await store.list(keyPrefix(nodeKind));
  for (const { key, intent, revision } of entries) {
    if (intent === undefined) continue;
    const node = JSON.parse(intent) as KubeObject;
    const renewed = { ...node, metadata: { ...node.metadata, uid: newUid() } };
    await store.put({ key, intent: JSON.stringify(renewed), expected: revision });
  }
}
