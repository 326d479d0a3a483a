/** The environment of a container: variables from ConfigMaps, Secrets and the pod itself, expanded. Pure. */
import type { ConfigMap } from '../../api/kinds/config-map.ts';
import type { Container, EnvVar, Pod } from '../../api/kinds/pod/types.ts';
import type { Secret } from '../../api/kinds/secret.ts';
import { expandVariables } from './expand-variables.ts';
import { type PodFacts, podFieldText, resourceFieldText } from './field-ref.ts';

/** Where ConfigMaps and Secrets are looked up; undefined when there is none. */
export interface ConfigSources {
  configMap(namespace: string, name: string): ConfigMap | undefined;
  secret(namespace: string, name: string): Secret | undefined;
}

/** What keeps a container from being made; the message is the kubelet's. */
export class ContainerConfigError extends Error {
  override readonly name = 'ContainerConfigError';
}

/** @throws ContainerConfigError when something is missing that is not optional */
export function containerEnv(
  pod: Pod,
  container: Container,
  sources: ConfigSources,
  facts: PodFacts,
): ReadonlyMap<string, string> {
  // A container's own variables win over those of the API, and may refer to them.
  const env = new Map<string, string>(facts.apiVariables);
  for (const from of container.envFrom ?? []) {
    for (const [key, value] of envFromValues(pod, from, sources)) {
      const name = `${from.prefix ?? ''}${key}`;
      // As the kubelet: keys that are no variable names are left out.
      if (/^[ -<>-~]+$/.test(name)) env.set(name, value);
    }
  }
  for (const variable of container.env ?? []) {
    const value = envValue(pod, container, variable, sources, facts, env);
    if (value !== undefined) {
      // Set anew, so that order is that of the last definition.
      env.delete(variable.name);
      env.set(variable.name, value);
    }
  }
  return env;
}

function envFromValues(
  pod: Pod,
  from: NonNullable<Container['envFrom']>[number],
  sources: ConfigSources,
): readonly (readonly [string, string])[] {
  const namespace = pod.metadata.namespace ?? '';
  if (from.configMapRef) {
    const { name = '', optional } = from.configMapRef;
    const configMap = sources.configMap(namespace, name);
    if (!configMap && !optional) throw new ContainerConfigError(`configmap "${name}" not found`);
    return Object.entries(configMap?.data ?? {});
  }
  if (from.secretRef) {
    const { name = '', optional } = from.secretRef;
    const secret = sources.secret(namespace, name);
    if (!secret && !optional) throw new ContainerConfigError(`secret "${name}" not found`);
    return Object.entries(secret?.data ?? {}).map(([key, value]) => [key, decodeBase64(value)]);
  }
  return [];
}

/** Undefined: the variable is left out (an optional reference to nothing). */
function envValue(
  pod: Pod,
  container: Container,
  variable: EnvVar,
  sources: ConfigSources,
  facts: PodFacts,
  before: ReadonlyMap<string, string>,
): string | undefined {
  const from = variable.valueFrom;
  if (!from) return expandVariables(variable.value ?? '', (name) => before.get(name));
  const namespace = pod.metadata.namespace ?? '';
  if (from.fieldRef) {
    const text = podFieldText(pod, from.fieldRef.fieldPath, facts);
    if (text === undefined) throw new ContainerConfigError(`unsupported fieldPath: ${from.fieldRef.fieldPath}`);
    return text;
  }
  if (from.resourceFieldRef) {
    const text = resourceFieldText(pod, container, from.resourceFieldRef, facts);
    if (text === undefined) {
      throw new ContainerConfigError(`unsupported container resource : ${from.resourceFieldRef.resource}`);
    }
    return text;
  }
  if (from.configMapKeyRef) {
    const { name = '', key, optional } = from.configMapKeyRef;
    const configMap = sources.configMap(namespace, name);
    const value = configMap?.data?.[key];
    if (value !== undefined) return value;
    if (optional) return undefined;
    throw new ContainerConfigError(
      configMap ? `couldn't find key ${key} in ConfigMap ${namespace}/${name}` : `configmap "${name}" not found`,
    );
  }
  if (from.secretKeyRef) {
    const { name = '', key, optional } = from.secretKeyRef;
    const secret = sources.secret(namespace, name);
    const value = secret?.data?.[key];
    if (value !== undefined) return decodeBase64(value);
    if (optional) return undefined;
    throw new ContainerConfigError(
      secret ? `couldn't find key ${key} in Secret ${namespace}/${name}` : `secret "${name}" not found`,
    );
  }
  throw new ContainerConfigError(`environment variable ${variable.name} has no known source`);
}

function decodeBase64(text: string): string {
  return Buffer.from(text, 'base64').toString();
}
