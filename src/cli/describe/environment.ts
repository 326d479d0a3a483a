/** The environment of a container, with what the pod itself says filled in. */
import type { Container, EnvVar, EnvVarSource, Pod } from '../../api/kinds/pod/types.ts';
import { integerValueOf, parseQuantity } from '../../api/quantity.ts';
import type { Lines } from './lines.ts';

/** `Environment Variables from:` when there are such, and `Environment:`; a template has no pod to take values from. */
export function addEnvironment(lines: Lines, pod: Pod | undefined, container: Container): void {
  const sources = container.envFrom ?? [];
  if (sources.length > 0) {
    lines.add(2, 'Environment Variables from:');
    for (const { configMapRef, secretRef, prefix } of sources) {
      const [type, reference] = configMapRef === undefined ? ['Secret', secretRef] : ['ConfigMap', configMapRef];
      const withPrefix = prefix ? ` with prefix '${prefix}'` : '';
      lines.add(3, `${reference?.name}\t${type}${withPrefix}\tOptional: ${reference?.optional ?? false}`);
    }
  }
  lines.list(2, 'Environment', container.env ?? [], (variable) => {
    lines.field(3, variable.name, valueText(variable, pod, container));
  });
}

function valueText({ value = '', valueFrom }: EnvVar, pod: Pod | undefined, container: Container): string {
  if (valueFrom === undefined) return value;
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef } = valueFrom;
  if (fieldRef !== undefined)
    return `${fieldValue(pod, fieldRef.fieldPath)} (${fieldRef.apiVersion}:${fieldRef.fieldPath})`;
  if (resourceFieldRef !== undefined)
    return `${resourceValue(resourceFieldRef, pod, container)} (${resourceFieldRef.resource})`;
  if (configMapKeyRef !== undefined) {
    const { key, name, optional = false } = configMapKeyRef;
    return `<set to the key '${key}' of config map '${name}'>\tOptional: ${optional}`;
  }
  if (secretKeyRef !== undefined) {
    const { key, name, optional = false } = secretKeyRef;
    return `<set to the key '${key}' in secret '${name}'>\tOptional: ${optional}`;
  }
  return '';
}

/** The value of `metadata.labels['app']`, `spec.nodeName`, …; empty while the pod does not have it. */
function fieldValue(pod: Pod | undefined, path: string): string {
  const subscript = /^(metadata\.(?:labels|annotations))\['(.*)'\]$/.exec(path);
  const keys = subscript === null ? path.split('.') : [...(subscript[1] ?? '').split('.'), subscript[2] ?? ''];
  let value: unknown = pod;
  for (const key of keys) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return '';
    value = (value as Record<string, unknown>)[key];
  }
  return typeof value === 'string' ? value : '';
}

/** A request or limit in units of the divisor, rounded up, as the container sees it; 0 for none. */
function resourceValue(
  reference: NonNullable<EnvVarSource['resourceFieldRef']>,
  pod: Pod | undefined,
  own: Container,
): string {
  const [list = '', ...rest] = reference.resource.split('.');
  const named = reference.containerName;
  const container = named ? pod?.spec.containers.find(({ name }) => name === named) : own;
  const resources = container?.resources;
  const quantities = list === 'limits' ? resources?.limits : resources?.requests;
  const text = quantities?.[rest.join('.')];
  if (text === undefined) return '0';
  const divisor = parseQuantity(reference.divisor === '0' ? '1' : reference.divisor);
  const quantity = parseQuantity(text);
  const rounded = (quantity.nanos + divisor.nanos - 1n) / divisor.nanos;
  return divisor.nanos === 0n ? String(integerValueOf(quantity)) : String(rounded);
}
