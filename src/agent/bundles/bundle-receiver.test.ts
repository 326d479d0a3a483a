/** What happens to a bundle between the child that reads it and the Bundle that says it is wanted. The child is scripted. */
import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { after, before, beforeEach, describe, it } from 'node:test';
import { type Bundle, bundleKind } from '../../api/kinds/bundle.ts';
import { bundles, configMaps, resourceQuotas, serviceAccounts } from '../../api/resources.ts';
import { kinds } from '../../api/scheme.ts';
import { developersGroup, type UserInfo } from '../../apiserver/identity.ts';
import { createLocalClient } from '../../apiserver/local-client.ts';
import { silentLogger } from '../../lib/logger.ts';
import { isStatusError, type Reason } from '../../lib/status-error.ts';
import { TestApi } from '../../testing/api-server.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { settle, until } from '../../testing/settle.ts';
import { applySource } from '../sources/apply-source.ts';
import type { BundleMessage, BundleOffer } from './bundle-messages.ts';
import { BundleReceiver, type FileOutcome } from './bundle-receiver.ts';
import type { BundleRecord } from './bundle-record.ts';
import { desiredStateOf } from './desired-state-of.ts';

const signal = new AbortController().signal;
const digestOf = (letter: string): string => `sha256:${letter.repeat(64)}`;
const developer: UserInfo = { username: 'dev', uid: '', groups: [developersGroup, 'system:authenticated'], extra: {} };
const administrator: UserInfo = { username: 'root', uid: '', groups: ['system:masters'], extra: {} };
const configMap = (name: string, namespace = 'default'): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace },
});

const obstacleFor = async (outcome: Promise<FileOutcome>): Promise<string> => {
  const came = await outcome;
  return came.outcome === 'Refused' ? came.obstacle : came.outcome;
};

/** As the child sees it: what breaks off ends. */
async function readToEnd(input: Readable | undefined): Promise<void> {
  try {
    for await (const _piece of input ?? []);
  } catch {
    // Broken off: what came until then is all there is.
  }
}

describe('a bundle on its way in', () => {
  let api: TestApi;
  let receiver: BundleReceiver;
  /** What the child says, one after the other; after an offer only when it is told to go on. */
  let said: BundleMessage[];
  let record: BundleRecord | undefined;
  let clock: FakeClock;
  /** What happens while the layers are on their way. */
  let meanwhile: () => Promise<unknown>;
  /** Images that somebody has removed. */
  let lost: string[];

  const offer = (objects: readonly object[], change: Partial<BundleOffer> = {}): BundleOffer => ({
    type: 'offer',
    name: 'shop',
    version: '1.0.0',
    digest: digestOf('a'),
    progressDeadlineSeconds: 60,
    signature: { state: 'Unsigned' },
    trustedKeys: 0,
    manifests: JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }),
    images: [],
    missingLayers: [digestOf('c')],
    begunLayers: [],
    neededBytes: 0,
    freeBytes: 1e12,
    ...change,
  });
  const receive = (
    user: UserInfo,
    options: { readonly dryRun?: boolean; readonly force?: boolean } = {},
  ): Promise<Bundle> => receiver.receive(Readable.from([]), { user, dryRun: false, force: false, ...options }, signal);
  const refusal = async (work: Promise<unknown>, reason: Reason, message: RegExp): Promise<void> => {
    await assert.rejects(work, (error) => isStatusError(error, reason) && message.test(error.message));
    assert.deepEqual((await api.client.list(bundles)).items, []);
  };

  before(async () => {
    api = await TestApi.start();
  });
  beforeEach(() => {
    record = undefined;
    clock = new FakeClock();
    meanwhile = async () => {};
    lost = [];
    receiver = new BundleReceiver({
      client: api.client,
      clientOf: (user) => createLocalClient(api.registry, user),
      checkRoleGrants: (kind, object, user) => api.registry.checkRoleGrants(kind, object, user),
      kinds,
      talk: async ({ input }, onMessage) => {
        for (const message of said) {
          if (message.type !== 'offer') await readToEnd(input);
          const answer = await onMessage(message);
          if (message.type !== 'offer') continue;
          assert.deepEqual(answer, { type: 'go' });
          await meanwhile();
        }
      },
      child: { node: 'node', program: 'child' },
      place: { socketPath: '/s', root: '/r', architectures: [], trustedKeys: '/k', records: '/b' },
      clock,
      log: silentLogger,
      records: { read: async () => record },
      hasImage: async (name) => !lost.includes(name),
      onImported: async () => {},
    });
  });
  after(() => api.stop());

  it('is only wanted when all of it is on the device', async () => {
    said = [
      offer([configMap('a')]),
      { type: 'failed', reason: 'Invalid', message: 'layer x is damaged', obstacle: 'File' },
    ];
    await refusal(receive(developer), 'Invalid', /layer x is damaged/);
  });

  it('is checked by a dry run, which tells what has to be sent', async () => {
    said = [offer([configMap('a')])];
    const answer = await receive(developer, { dryRun: true });
    assert.deepEqual(answer.status.missingLayers, [digestOf('c')]);
    assert.deepEqual((await api.client.list(bundles)).items, []);
  });

  it('is refused when an object of it is somebody else’s', async () => {
    await api.client.create(configMaps, configMap('theirs'));
    said = [offer([configMap('theirs')]), { type: 'stored' }];
    await refusal(receive(developer), 'Conflict', /configmaps "default\/theirs" belongs to the local API/);
  });

  it('is refused when an object of it is wrong', async () => {
    said = [offer([{ ...configMap('a'), dta: {} }]), { type: 'stored' }];
    await refusal(receive(developer), 'BadRequest', /unknown field "dta"/);
  });

  it('gives nobody rights that he does not have', async () => {
    said = [offer([configMap('a'), configMap('b', 'kube-system')]), { type: 'stored' }];
    await refusal(
      receive(developer),
      'Forbidden',
      /cannot create resource "configmaps" in API group "" in the namespace "kube-system"/,
    );
  });

  const account = (name: string, role?: string, namespace = 'default'): object => ({
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name, namespace, ...(role === undefined ? {} : { annotations: { 'eliot.run/role': role } }) },
  });
  const podOf = (serviceAccountName: string | undefined, namespace = 'default', image = 'i:1'): object => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace },
    spec: { ...(serviceAccountName && { serviceAccountName }), containers: [{ name: 'a', image }] },
  });
  const noGrant = /User "dev" cannot grant the role cluster-admin, which is more than its own/;
  const tooMuch = /service account "root" has the role cluster-admin, which is more than that of user "dev"/;

  it('gives nobody a role that is above his own', async () => {
    said = [offer([account('root', 'cluster-admin')]), { type: 'stored' }];
    await refusal(receive(developer), 'Forbidden', noGrant);
    said = [offer([account('mine', 'edit'), podOf('mine')])];
    assert.equal((await receive(developer, { dryRun: true })).spec.version, '1.0.0');
  });

  it('gives nobody such a role in a namespace that comes with it', async () => {
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'x' } };
    const objects = [namespace, account('root', 'cluster-admin', 'x'), podOf('root', 'x')];
    for (const dryRun of [true, false]) {
      said = [offer(objects), { type: 'stored' }];
      await refusal(receive(developer, { dryRun }), 'Forbidden', noGrant);
    }
  });

  it('gives nobody such a role by a pod that is made anew, for it cannot be changed', async () => {
    await api.client.create(serviceAccounts, account('root', 'cluster-admin'));
    const { name, version, digest, manifests } = offer([podOf(undefined)]);
    const before = desiredStateOf({ name, version, digest, manifests });
    await applySource({ client: api.client, kinds }, before, signal);
    const deployment = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web' },
      spec: {
        selector: { matchLabels: { app: 'web' } },
        template: {
          metadata: { labels: { app: 'web' } },
          spec: { serviceAccount: 'root', containers: [{ name: 'a', image: 'i:1' }] },
        },
      },
    };
    for (const object of [podOf('root'), deployment]) {
      said = [offer([object]), { type: 'stored' }];
      await refusal(receive(developer), 'Forbidden', tooMuch);
    }
    await applySource({ client: api.client, kinds }, { ...before, objects: [] }, signal);
    await api.client.delete(serviceAccounts, { namespace: 'default', name: 'root' });
  });

  it('that stands still is given up, and before it is known what it is it keeps no other one waiting', async () => {
    const never = (): Readable => new Readable({ read: () => {} });
    const broken: BundleMessage = { type: 'failed', reason: 'Invalid', message: 'it ends early', obstacle: 'Copy' };
    said = [broken];
    const options = { user: developer, dryRun: false, force: false };
    const still = receiver.receive(never(), options, signal);
    const given = assert.rejects(still, { reason: 'Timeout', message: 'nothing of the body came for 60 s' });
    await settle();
    said = [offer([configMap('a')]), broken];
    const other = receiver.receive(never(), options, signal);
    const alsoGiven = assert.rejects(other, { reason: 'Timeout' });
    await until(() => receiver.isBusy && clock.sleeping === 2);
    await assert.rejects(receive(developer), { reason: 'TooManyRequests' });
    clock.advance(60_000);
    await Promise.all([given, alsoGiven]);
    assert.equal(receiver.isBusy, false);
    said = [offer([configMap('a')])];
    assert.equal((await receive(developer, { dryRun: true })).spec.version, '1.0.0');
  });

  it('waits for what is being removed, and nothing is removed while it is taken in', async () => {
    const removing = Promise.withResolvers<string>();
    const removed = receiver.whileIdle(() => removing.promise, signal);
    said = [offer([configMap('a')]), { type: 'failed', reason: 'Invalid', message: 'damaged', obstacle: 'File' }];
    const broken = Promise.withResolvers<Buffer>();
    const content = Readable.from(
      (async function* () {
        yield await broken.promise;
      })(),
    );
    let isOver = false;
    const coming = receiver.receive(content, { user: developer, dryRun: false, force: false }, signal);
    const refused = assert.rejects(coming, /damaged/).then(() => {
      isOver = true;
    });
    broken.resolve(Buffer.from('x'));
    await until(() => receiver.isBusy);
    await settle();
    assert.equal(isOver, false);
    assert.equal(await receiver.whileIdle(async () => 'done', signal), undefined);
    removing.resolve('gone');
    assert.equal(await removed, 'gone');
    await refused;
    assert.equal(await receiver.whileIdle(async () => 'done', signal), 'done');
  });

  it('holds no other bundle', async () => {
    const inner = {
      apiVersion: 'eliot.run/v1alpha1',
      kind: 'Bundle',
      metadata: { name: 'in' },
      spec: { version: '1', digest: digestOf('d') },
    };
    said = [offer([inner]), { type: 'stored' }];
    await refusal(receive(administrator), 'Invalid', /a bundle cannot hold another one/);
  });

  it('of a stick says what became of it', async () => {
    const offered = async (...messages: BundleMessage[]): Promise<FileOutcome> => {
      said = messages;
      return await receiver.offerFile('/stick/shop.eliot', signal);
    };
    const signed = { signature: { state: 'Trusted', keyId: 'k', keyName: 'factory' } } as const;
    const failed = { type: 'failed', reason: 'Invalid', message: 'it ends early', obstacle: 'Copy' } as const;
    const refused = { outcome: 'Refused', bundle: undefined, message: 'it ends early', hasWritten: false } as const;
    assert.deepEqual(await offered(failed), { ...refused, obstacle: 'Copy' });
    assert.deepEqual(await offered(offer([configMap('a')], signed), { ...failed, obstacle: 'Device' }), {
      ...refused,
      bundle: 'shop',
      obstacle: 'Device',
      hasWritten: true,
    });
    const unsigned = await offered(offer([configMap('a')]), { type: 'stored' });
    assert.match(
      unsigned.outcome === 'Refused' ? `${unsigned.bundle} ${unsigned.obstacle}: ${unsigned.message}` : '',
      /^shop File: .* is not signed/,
    );
    const strange = { signature: { state: 'Unknown', keyId: 'x' } } as const;
    assert.equal(await obstacleFor(offered(offer([configMap('a')], strange))), 'Keys');
    await api.client.create(configMaps, configMap('hers'));
    assert.equal(await obstacleFor(offered(offer([configMap('hers')], signed))), 'Device');
    await api.client.delete(configMaps, { namespace: 'default', name: 'hers' });
    assert.equal(await obstacleFor(offered(offer([configMap('a', 'not-there')], signed))), 'Device');
    const quota = { metadata: { name: 'none', namespace: 'default' }, spec: { hard: { configmaps: '0' } } };
    await api.client.create(resourceQuotas, { apiVersion: 'v1', kind: 'ResourceQuota', ...quota });
    assert.equal(await obstacleFor(offered(offer([configMap('a')], signed))), 'Device');
    await api.client.delete(resourceQuotas, { namespace: 'default', name: 'none' });
    assert.equal(await obstacleFor(offered(offer([{ ...configMap('a'), dta: {} }], signed))), 'File');
    const taken = { bundle: 'shop', version: '1.0.0' };
    assert.deepEqual(await offered(offer([configMap('a')], signed), { type: 'stored' }), {
      outcome: 'Applied',
      ...taken,
    });
    const { name, version, digest, manifests } = offer([configMap('a')]);
    record = { name, version, digest, bakeSeconds: 0, manifests, images: ['r/web@sha256:b'] };
    assert.deepEqual(await offered(offer([configMap('a')], signed), { type: 'stored' }), {
      outcome: 'Unchanged',
      ...taken,
    });
    const { spec } = await api.client.get<Bundle>(bundles, { name: 'shop' });
    assert.deepEqual([spec.version, spec.signedBy, spec.from], ['1.0.0', 'factory', '/stick/shop.eliot']);
    lost = ['r/web@sha256:b'];
    assert.equal((await offered(offer([configMap('a')], signed), { type: 'stored' })).outcome, 'Applied');
    record = undefined;
    assert.equal((await offered(offer([configMap('a')], signed), { type: 'stored' })).outcome, 'Applied');
  });

  it('is replaced and removed only by who may remove all that it brought', async () => {
    const { name, version, digest, manifests } = offer([configMap('a', 'kube-system')]);
    record = { name, version, digest, bakeSeconds: 0, manifests, images: [] };
    const bundle = await api.client.get<Bundle>(bundles, { name: 'shop' });
    await assert.rejects(receiver.checkMayRemove(developer, bundle), /cannot delete resource "configmaps"/);
    await receiver.checkMayRemove(administrator, bundle);
    said = [offer([configMap('a')], { version: '2', digest: digestOf('b') }), { type: 'stored' }];
    await assert.rejects(receive(developer), /cannot delete resource "configmaps"/);
    assert.equal((await receive(administrator)).spec.version, '2');
  });

  it('waits while the one before is removed', async () => {
    await api.client.delete(bundles, { name: 'shop' });
    said = [offer([configMap('a')], { version: '3', digest: digestOf('d') }), { type: 'stored' }];
    await assert.rejects(receive(administrator), /bundle shop is being removed/);
    const bundle = await api.client.get<Bundle>(bundles, { name: 'shop' });
    await api.client.update(bundles, {
      ...bundle,
      kind: bundleKind.kind,
      metadata: { ...bundle.metadata, finalizers: [] },
    });
    assert.equal((await receive(administrator)).spec.version, '3');
  });

  it('is looked at again when the Bundle is another one than when its layers began to come', async () => {
    const { spec } = await api.client.get<Bundle>(bundles, { name: 'shop' });
    said = [offer([configMap('a')], { version: '4', digest: digestOf('e') }), { type: 'stored' }];
    // Of a version with an object that a developer may not remove.
    const { name, version, digest, manifests } = offer([configMap('a', 'kube-system')]);
    const become = async (change: Partial<Bundle['spec']>): Promise<void> => {
      const now = await api.client.get<Bundle>(bundles, { name: 'shop' });
      await api.client.update(bundles, { ...now, spec: { ...spec, ...change } });
    };
    meanwhile = async () => {
      record = { name, version, digest, bakeSeconds: 0, manifests, images: [] };
      await become({ version: '3.1', digest: digestOf('f') });
    };
    await assert.rejects(receive(developer), /cannot delete resource "configmaps"/);
    meanwhile = () => become({ version: '5', digest: digestOf('0') });
    await assert.rejects(receive(administrator), /shop:4 is older than 5, which the device runs/);
    await become({});
    meanwhile = async () => await api.client.delete(bundles, { name: 'shop' });
    await assert.rejects(
      receive(administrator),
      (error) => isStatusError(error, 'Conflict') && /bundle shop is being removed/.test(error.message),
    );
    assert.deepEqual((await api.client.get<Bundle>(bundles, { name: 'shop' })).spec, spec);
  });
});
