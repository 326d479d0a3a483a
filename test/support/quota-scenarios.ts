/** Namespaces with quotas and limit ranges, for scenarios on a device. */
import type { LimitRange } from '../../src/api/kinds/limit-range.ts';
import type { Pod } from '../../src/api/kinds/pod/types.ts';
import type { ResourceQuota } from '../../src/api/kinds/resource-quota.ts';
import type { KubeObject } from '../../src/api/meta.ts';
import type { GroupVersionResource } from '../../src/api/object-client.ts';
import { configMaps, limitRanges, namespaces, pods, resourceQuotas } from '../../src/api/resources.ts';
import { isStatusError } from '../../src/lib/status-error.ts';
import { testImage } from './device.ts';
import type { ScenarioDevice } from './scenario-device.ts';
import { waitFor } from './wait.ts';

type Fields = Readonly<Record<string, unknown>>;
type Amounts = Readonly<Record<string, string>>;

/** The same amounts of the three compute resources, as the official scenarios write them. */
export function amounts(cpu: string, memory: string, storage: string): Amounts {
  return { cpu, memory, 'ephemeral-storage': storage };
}

/** One namespace of a scenario. */
export class BoundedNamespace {
  readonly on: ScenarioDevice;
  readonly name: string;

  private constructor(on: ScenarioDevice, name: string) {
    this.on = on;
    this.name = name;
  }

  /** A new namespace, with what every namespace has. */
  static async create(on: ScenarioDevice, prefix: string): Promise<BoundedNamespace> {
    const made = new BoundedNamespace(on, on.name(prefix));
    await on.client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: made.name } });
    await waitFor('kube-root-ca.crt', async () => (await made.list(configMaps)).length > 0);
    return made;
  }

  async create<T = KubeObject>(resource: GroupVersionResource, kind: string, fields: Fields): Promise<T> {
    const { metadata, ...rest } = fields as { readonly metadata: Fields };
    const { group, version } = resource;
    const apiVersion = group === '' ? version : `${group}/${version}`;
    const object = { apiVersion, kind, metadata: { namespace: this.name, ...metadata }, ...rest };
    return this.on.client.create<T>(resource, object as T);
  }

  quota(name: string, hard: Amounts, spec: Fields = {}, metadata: Fields = {}): Promise<ResourceQuota> {
    return this.create(resourceQuotas, 'ResourceQuota', { metadata: { name, ...metadata }, spec: { hard, ...spec } });
  }

  limitRange(name: string, item: Fields, metadata: Fields = {}): Promise<LimitRange> {
    const limits = [{ type: 'Container', ...item }];
    return this.create(limitRanges, 'LimitRange', { metadata: { name, ...metadata }, spec: { limits } });
  }

  /** A pod of one container that sleeps. */
  pod(name: string, resources: Fields = {}, spec: Fields = {}): Promise<Pod> {
    const command = ['sh', '-c', 'trap "exit 0" TERM; while :; do sleep 0.2; done'];
    const containers = [{ name: 'main', image: testImage, command, resources }];
    return this.create(pods, 'Pod', { metadata: { name }, spec: { containers, ...spec } });
  }

  get<T = KubeObject>(resource: GroupVersionResource, name: string): Promise<T> {
    return this.on.client.get<T>(resource, { namespace: this.name, name });
  }

  async list<T = KubeObject>(resource: GroupVersionResource): Promise<readonly T[]> {
    return (await this.on.client.list<T>(resource, { namespace: this.name })).items;
  }

  async delete(resource: GroupVersionResource, name: string): Promise<void> {
    const options = resource === pods ? { gracePeriodSeconds: 0 } : {};
    await this.on.client.delete(resource, { namespace: this.name, name }, options);
  }

  /** Deletes all objects of a resource with these labels. */
  async deleteAll(resource: GroupVersionResource, labelSelector: string): Promise<void> {
    const path = `/api/${resource.version}/namespaces/${this.name}/${resource.resource}`;
    await this.on.rest.json({ method: 'DELETE', path, query: { labelSelector } });
  }

  async isGone(resource: GroupVersionResource, name: string): Promise<boolean> {
    try {
      await this.get(resource, name);
      return false;
    } catch (error) {
      if (isStatusError(error, 'NotFound')) return true;
      throw error;
    }
  }

  /** Waits until the quota says that so much is used; what it says beyond `used` does not matter. */
  async used(quota: string, used: Amounts): Promise<void> {
    await waitFor(`${quota} of ${this.name}: ${JSON.stringify(used)}`, async () => {
      const { status } = await this.get<ResourceQuota>(resourceQuotas, quota);
      const seen = Object.fromEntries(Object.keys(used).map((name) => [name, status.used?.[name]]));
      if (JSON.stringify(seen) !== JSON.stringify(used)) throw new Error(`it says ${JSON.stringify(status)}`);
      return true;
    });
  }
}
