/** Rules for environment variables and for fields of the pod that containers may read. */
import { checkConfigKey, checkDnsSubdomain, checkEnvName, checkQualifiedName } from '../../../names.ts';
import { canonicalQuantity } from '../../../quantity.ts';
import { invalidValue, requiredValue, unsupportedValue } from '../../../schema/field-error.ts';
import type { FieldError } from '../../../schema/kind.ts';
import { complaints } from '../../common/checks.ts';
import type { EnvFromSource, EnvVar, EnvVarSource } from '../types.ts';

/** Fields that stay the same while a container runs, sorted. */
const envFieldPaths = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
];

const resourceNames = [
  'limits.cpu',
  'limits.ephemeral-storage',
  'limits.memory',
  'requests.cpu',
  'requests.ephemeral-storage',
  'requests.memory',
];

export function validateEnv(env: readonly EnvVar[], path: string): FieldError[] {
  return env.flatMap((variable, index) => {
    const { name = '', value = '', valueFrom } = variable;
    const at = `${path}[${index}]`;
    return [
      ...(name === '' ? [] : complaints(`${at}.name`, name, checkEnvName(name))),
      ...(valueFrom === undefined ? [] : validateValueFrom(valueFrom, value, `${at}.valueFrom`)),
    ];
  });
}

export function validateEnvFrom(sources: readonly EnvFromSource[], path: string): FieldError[] {
  return sources.flatMap(({ prefix = '', configMapRef, secretRef }, index) => {
    const at = `${path}[${index}]`;
    const name = (ref: { readonly name?: string } | undefined, field: string): FieldError[] => {
      if (ref === undefined) return [];
      if (!ref.name) return [requiredValue(`${at}.${field}.name`)];
      return complaints(`${at}.${field}.name`, ref.name, checkDnsSubdomain(ref.name));
    };
    const count = [configMapRef, secretRef].filter((ref) => ref !== undefined).length;
    return [
      ...(prefix === '' ? [] : complaints(`${at}.prefix`, prefix, checkEnvName(prefix))),
      ...name(configMapRef, 'configMapRef'),
      ...name(secretRef, 'secretRef'),
      ...(count === 0 ? [invalidValue(path, '', 'must specify one of: `configMapRef` or `secretRef`')] : []),
      ...(count > 1 ? [invalidValue(path, '', 'may not have more than one field specified at a time')] : []),
    ];
  });
}

function validateValueFrom(source: EnvVarSource, value: string, path: string): FieldError[] {
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef } = source;
  const count = Object.values(source).filter((ref) => ref !== undefined).length;
  return [
    ...(fieldRef === undefined ? [] : validateFieldRef(fieldRef, envFieldPaths, `${path}.fieldRef`)),
    ...(resourceFieldRef === undefined ? [] : validateResourceFieldRef(resourceFieldRef, `${path}.resourceFieldRef`)),
    ...(configMapKeyRef === undefined ? [] : validateKeyRef(configMapKeyRef, `${path}.configMapKeyRef`)),
    ...(secretKeyRef === undefined ? [] : validateKeyRef(secretKeyRef, `${path}.secretKeyRef`)),
    ...(fileKeyRef?.key ? complaints(`${path}.fileKeyRef.key`, fileKeyRef.key, checkEnvName(fileKeyRef.key)) : []),
    ...validateSourceCount(count, value, path),
  ];
}

function validateSourceCount(count: number, value: string, path: string): FieldError[] {
  if (count === 0) {
    const names = '`fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`';
    return [invalidValue(path, '', `must specify one of: ${names}`)];
  }
  if (value !== '') return [invalidValue(path, '', 'may not be specified when `value` is not empty')];
  return count > 1 ? [invalidValue(path, '', 'may not have more than one field specified at a time')] : [];
}

type FieldRef = NonNullable<EnvVarSource['fieldRef']>;
type ResourceFieldRef = NonNullable<EnvVarSource['resourceFieldRef']>;

/** `metadata.labels['key']` and `metadata.annotations['key']` are allowed beside `allowed`, which is sorted. */
export function validateFieldRef(ref: FieldRef, allowed: readonly string[], path: string): FieldError[] {
  const { fieldPath = '' } = ref;
  if (fieldPath === '') return [];
  const [, map, key = ''] = /^(.+)\['(.*)'\]$/s.exec(fieldPath) ?? [];
  if (map === 'metadata.labels') return complaints(path, key, checkQualifiedName(key));
  if (map === 'metadata.annotations') return complaints(path, key.toLowerCase(), checkQualifiedName(key.toLowerCase()));
  if (map !== undefined) return [invalidValue(path, map, 'does not support subscript')];
  return allowed.includes(fieldPath) ? [] : [unsupportedValue(`${path}.fieldPath`, fieldPath, allowed)];
}

const storageDivisors = ['1', '1k', '1M', '1G', '1T', '1P', '1E', '1Ki', '1Mi', '1Gi', '1Ti', '1Pi', '1Ei'];

export function validateResourceFieldRef(ref: ResourceFieldRef, path: string): FieldError[] {
  const { resource = '', divisor = '0' } = ref;
  if (resource === '') return [];
  if (!resourceNames.includes(resource) && !/^(limits|requests)\.hugepages-/.test(resource)) {
    return [unsupportedValue(`${path}.resource`, resource, resourceNames)];
  }
  const canonical = canonicalQuantity(divisor);
  const text = 'text' in canonical ? canonical.text : divisor;
  const isCpu = resource.endsWith('.cpu');
  if (text === '0' || (isCpu ? ['1m', '1'] : storageDivisors).includes(text)) return [];
  const words = isCpu
    ? "only divisor's values 1m and 1 are supported with the cpu resource"
    : `only divisor's values ${storageDivisors.join(', ')} are supported with the ${kindOf(resource)} resource`;
  return [invalidValue(`${path}.divisor`, resource, words)];
}

function kindOf(resource: string): string {
  if (resource.endsWith('.memory')) return 'memory';
  return resource.endsWith('.ephemeral-storage') ? 'local ephemeral storage' : 'hugepages';
}

function validateKeyRef(ref: { readonly name?: string; readonly key?: string }, path: string): FieldError[] {
  const { name = '', key = '' } = ref;
  return [
    ...complaints(`${path}.name`, name, checkDnsSubdomain(name)),
    ...(key === '' ? [] : complaints(`${path}.key`, key, checkConfigKey(key))),
  ];
}
