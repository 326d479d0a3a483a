/** Which ConfigMaps and Secrets a pod uses. Pure. */
import type { Pod } from '../../api/kinds/pod/types.ts';
import { allContainers } from '../pod-names.ts';

export interface ConfigReference {
  readonly kind: 'ConfigMap' | 'Secret';
  readonly namespace: string;
  readonly name: string;
}

/** Whether a change of the object can change how the pod runs: by variables, volumes or pull logins. */
export function usesConfig(pod: Pod, { kind, namespace, name }: ConfigReference): boolean {
  if (pod.metadata.namespace !== namespace) return false;
  return (kind === 'ConfigMap' ? configMapNames(pod) : secretNames(pod)).includes(name);
}

function configMapNames(pod: Pod): readonly (string | undefined)[] {
  return [
    ...allContainers(pod).flatMap(({ env = [], envFrom = [] }) => [
      ...env.map(({ valueFrom }) => valueFrom?.configMapKeyRef?.name),
      ...envFrom.map(({ configMapRef }) => configMapRef?.name),
    ]),
    ...(pod.spec.volumes ?? []).flatMap(({ configMap, projected }) => [
      configMap?.name,
      ...(projected?.sources ?? []).map((source) => source.configMap?.name),
    ]),
  ];
}

function secretNames(pod: Pod): readonly (string | undefined)[] {
  return [
    ...(pod.spec.imagePullSecrets ?? []).map(({ name }) => name),
    ...allContainers(pod).flatMap(({ env = [], envFrom = [] }) => [
      ...env.map(({ valueFrom }) => valueFrom?.secretKeyRef?.name),
      ...envFrom.map(({ secretRef }) => secretRef?.name),
    ]),
    ...(pod.spec.volumes ?? []).flatMap(({ secret, projected }) => [
      secret?.secretName,
      ...(projected?.sources ?? []).map((source) => source.secret?.name),
    ]),
  ];
}
