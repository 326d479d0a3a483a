/** The volumes of a pod. */
import type { Volume } from '../../api/kinds/pod/types.ts';
import type { Lines } from './lines.ts';

/** `Volumes:` with the type and the facts of each; those of a template stand one level deeper. */
export function addVolumes(lines: Lines, volumes: readonly Volume[], isTemplate = false): void {
  lines.list(isTemplate ? 1 : 0, 'Volumes', volumes, (volume) => {
    lines.add(1, `${isTemplate ? ' ' : ''}${volume.name}:`);
    for (const [name, value] of factsOf(volume)) {
      if (typeof value === 'string') lines.field(2, name, value);
      else for (const line of [`${name}:`, ...value]) lines.add(2, line);
    }
  });
}

/** A list of lines stands below its name. */
type Fact = readonly [name: string, value: string | readonly string[]];

function factsOf(volume: Volume): readonly Fact[] {
  if (volume.emptyDir !== undefined) {
    const { medium = '', sizeLimit = '<unset>' } = volume.emptyDir;
    return [
      ['Type', "EmptyDir (a temporary directory that shares a pod's lifetime)"],
      ['Medium', medium],
      ['SizeLimit', sizeLimit],
    ];
  }
  if (volume.hostPath !== undefined) {
    return [
      ['Type', 'HostPath (bare host directory volume)'],
      ['Path', volume.hostPath.path],
      ['HostPathType', volume.hostPath.type ?? ''],
    ];
  }
  if (volume.configMap !== undefined) {
    return [
      ['Type', 'ConfigMap (a volume populated by a ConfigMap)'],
      ['Name', volume.configMap.name ?? ''],
      ['Optional', String(volume.configMap.optional ?? false)],
    ];
  }
  if (volume.secret !== undefined) {
    return [
      ['Type', 'Secret (a volume populated by a Secret)'],
      ['SecretName', volume.secret.secretName ?? ''],
      ['Optional', String(volume.secret.optional ?? false)],
    ];
  }
  if (volume.downwardAPI !== undefined) {
    const items = (volume.downwardAPI.items ?? []).map(
      ({ fieldRef, resourceFieldRef, path }) =>
        `  ${fieldRef?.fieldPath ?? resourceFieldRef?.resource ?? ''} -> ${path}`,
    );
    return [
      ['Type', 'DownwardAPI (a volume populated by information about the pod)'],
      ['Items', items],
    ];
  }
  if (volume.projected !== undefined) return projectedFacts(volume.projected.sources ?? []);
  const type = Object.keys(volume).find((key) => key !== 'name') ?? '<unknown>';
  return [['Type', type]];
}

function projectedFacts(sources: NonNullable<NonNullable<Volume['projected']>['sources']>): readonly Fact[] {
  return [
    ['Type', 'Projected (a volume that contains injected data from multiple sources)'],
    ...sources.flatMap((source): readonly Fact[] => {
      if (source.secret !== undefined) return named('SecretName', source.secret);
      if (source.configMap !== undefined) return named('ConfigMapName', source.configMap);
      if (source.downwardAPI !== undefined) return [['DownwardAPI', 'true']];
      if (source.serviceAccountToken !== undefined) {
        return [['TokenExpirationSeconds', String(source.serviceAccountToken.expirationSeconds ?? '')]];
      }
      return [];
    }),
  ];
}

function named(type: string, reference: { readonly name?: string; readonly optional?: boolean }): readonly Fact[] {
  return [
    [type, reference.name ?? ''],
    ['Optional', String(reference.optional ?? false)],
  ];
}
