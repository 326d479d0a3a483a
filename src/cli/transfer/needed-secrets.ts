/** Which Secrets a pod, or what makes pods, cannot do without. Pure. */
import { isObject, type JsonObject } from '../../api/json-value.ts';
import type { KubeObject } from '../../api/meta.ts';
import { podSpecsOf } from '../../api/pod-specs.ts';

/** Names in the object's namespace, each once; those that may be missing are left out. */
export function neededSecrets(object: KubeObject): readonly string[] {
  return [...new Set(podSpecsOf(object).flatMap((spec) => [...ofVolumes(spec), ...ofContainers(spec)]))].sort();
}

function ofVolumes(spec: JsonObject): readonly string[] {
  return objectsIn(spec['volumes']).flatMap((volume) => {
    const sources = isObject(volume['projected']) ? objectsIn(volume['projected']['sources']) : [];
    return [nameIn(volume['secret'], 'secretName'), ...sources.map(({ secret }) => nameIn(secret, 'name'))].flat();
  });
}

function ofContainers(spec: JsonObject): readonly string[] {
  const containers = ['initContainers', 'containers'].flatMap((list) => objectsIn(spec[list]));
  return containers.flatMap(({ env, envFrom }) => [
    ...objectsIn(envFrom).flatMap(({ secretRef }) => nameIn(secretRef, 'name')),
    ...objectsIn(env).flatMap(({ valueFrom }) =>
      isObject(valueFrom) ? nameIn(valueFrom['secretKeyRef'], 'name') : [],
    ),
  ]);
}

function nameIn(reference: unknown, key: string): readonly string[] {
  if (!isObject(reference) || reference['optional'] === true || typeof reference[key] !== 'string') return [];
  return [reference[key]];
}

function objectsIn(list: unknown): readonly JsonObject[] {
  return Array.isArray(list) ? list.filter(isObject) : [];
}
