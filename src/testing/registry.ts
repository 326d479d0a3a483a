/** A registry over a memory store, and the small things that its tests need. */
import type { KubeObject } from '../api/meta.ts';
import type { GroupVersionResource } from '../api/object-client.ts';
import { configMaps, leases, namespaces, pods } from '../api/resources.ts';
import type { KindDescription } from '../api/schema/kind.ts';
import { findKind } from '../api/scheme.ts';
import { systemUser } from '../apiserver/identity.ts';
import type { WriteContext } from '../apiserver/registry/context.ts';
import { Registry, type RegistryOptions } from '../apiserver/registry.ts';
import { MemoryStore } from '../store/memory-store.ts';
import { FakeClock } from './fake-clock.ts';

/** The description of a kind that is served. */
export function kindOf({ group, version, resource }: GroupVersionResource): KindDescription {
  const found = findKind(group, version, resource);
  if (!found) throw new Error(`${resource} are not served`);
  return found;
}

export const configMapKind = kindOf(configMaps);
export const podKind = kindOf(pods);
export const namespaceKind = kindOf(namespaces);
export const leaseKind = kindOf(leases);

/** The context of a write by somebody who may do everything. */
export function writeContext(changes: Partial<WriteContext> = {}): WriteContext {
  return {
    user: systemUser('tester'),
    fieldManager: 'tester',
    dryRun: false,
    fieldValidation: 'Strict',
    duplicateFields: [],
    warn: () => {},
    ...changes,
  };
}

export interface RegistryFixture {
  readonly registry: Registry;
  readonly store: MemoryStore;
  readonly clock: FakeClock;
}

/** A registry with the namespace `default`. */
export async function openRegistry(options: Partial<RegistryOptions> = {}): Promise<RegistryFixture> {
  const store = new MemoryStore();
  const clock = new FakeClock(Date.UTC(2026, 10, 22, 10));
  const registry = new Registry({ store, clock, nodeName: 'device', ...options });
  await registry.create(namespaceKind, undefined, { metadata: { name: 'default' } }, writeContext());
  return { registry, store, clock };
}

/** A ConfigMap as a client sends it. */
export function configMap(name: string, data: Readonly<Record<string, string>> = {}, metadata: object = {}): object {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, ...metadata }, data };
}

/** A pod as a client sends it. */
export function pod(name: string, spec: object = {}, metadata: object = {}): object {
  const containers = [{ name: 'main', image: 'busybox' }];
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, ...metadata }, spec: { containers, ...spec } };
}

/** A field deep in an object, for assertions. */
export function at(object: KubeObject, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>((value, step) => (value as Record<string | number, unknown> | undefined)?.[step], object);
}
