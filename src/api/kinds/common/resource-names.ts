/**
 * Names of resources, as containers ask for them and as quotas and limit ranges bound them: which are known, and the
 * rules for each (k8s.io/kubernetes `apis/core/helper` and `validation`).
 */
import { checkQualifiedName } from '../../names.ts';
import { invalidValue } from '../../schema/field-error.ts';
import type { FieldError } from '../../schema/kind.ts';
import { complaints } from './checks.ts';

/** Resources without a domain in their name that containers may ask for. */
const containerResources = ['cpu', 'memory', 'ephemeral-storage'];
/** Objects that a quota counts under a name of their own; every kind can be counted as `count/RESOURCE.GROUP` too. */
const countedObjects = [
  'pods',
  'resourcequotas',
  'services',
  'replicationcontrollers',
  'secrets',
  'configmaps',
  'persistentvolumeclaims',
  'services.nodeports',
  'services.loadbalancers',
];
const quotaResources: ReadonlySet<string> = new Set([
  ...containerResources,
  ...containerResources.flatMap((name) => [`requests.${name}`, `limits.${name}`]),
  'requests.storage',
  ...countedObjects,
]);

export function isHugePages(name: string): boolean {
  return name.startsWith('hugepages-');
}

/** Whether more may be promised than there is: only of what Kubernetes itself manages, huge pages excepted. */
export function isOvercommitAllowed(name: string): boolean {
  return isNative(name) && !isHugePages(name);
}

/** A resource of a domain of its own, as devices are: `example.com/camera`. */
export function isExtendedResource(name: string): boolean {
  return !isNative(name) && !name.startsWith('requests.') && checkQualifiedName(`requests.${name}`).length === 0;
}

/** Whether a quota knows the name by itself; others have a domain (`count/…`, `requests.example.com/camera`). */
export function isStandardQuotaResource(name: string): boolean {
  return quotaResources.has(name) || isHugePages(name) || isHugePages(withoutPrefix(name, 'requests.'));
}

/** Whether there is only a whole number of it: objects and devices. */
export function isIntegerResource(name: string): boolean {
  return countedObjects.includes(name) || isExtendedResource(name);
}

/** ValidateContainerResourceName: what a container may ask for. */
export function validateContainerResourceName(name: string, path: string): FieldError[] {
  const errors = validateResourceName(name, path);
  if (!name.includes('/')) {
    if (containerResources.includes(name) || isHugePages(name)) return errors;
    return [...errors, invalidValue(path, name, 'must be a standard resource for containers')];
  }
  if (isNative(name) || isExtendedResource(name)) return errors;
  return [...errors, invalidValue(path, name, "doesn't follow extended resource name standard")];
}

/** ValidateResourceQuotaResourceName: what a quota may bound. */
export function validateQuotaResourceName(name: string, path: string): FieldError[] {
  const errors = validateResourceName(name, path);
  if (name.includes('/') || isStandardQuotaResource(name)) return errors;
  return [...errors, invalidValue(path, name, 'must be a standard resource for quota')];
}

/** A qualified name; without a domain one that is known at all. */
export function validateResourceName(name: string, path: string): FieldError[] {
  const problems = checkQualifiedName(name);
  if (problems.length > 0) return complaints(path, name, problems);
  if (name.includes('/') || name === 'storage' || isStandardQuotaResource(name)) return [];
  return [invalidValue(path, name, 'must be a standard resource type or fully qualified')];
}

function isNative(name: string): boolean {
  return !name.includes('/') || name.includes('kubernetes.io/');
}

function withoutPrefix(name: string, prefix: string): string {
  return name.startsWith(prefix) ? name.slice(prefix.length) : name;
}
