/** The volumes of a pod. */
import type { Volume } from '../../api/kinds/pod/types.ts';
import type { Lines } from './lines.ts';

/** `Volumes:` with the type and the facts of each. */
export function addVolumes(lines: Lines, volumes: readonly Volume[]): void {
  lines.section(
    0,
    'Volumes',
    volumes.length === 0
      ? undefined
      : () => {
          for (const volume of volumes) {
            lines.add(1, `${volume.name}:`);
            for (const [name, value] of factsOf(volume)) lines.field(2, name, value);
          }
        },
  );
}

type Fact = readonly [name: string, value: string];

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
    return [
      ['Type', 'DownwardAPI (a volume populated by information about the pod)'],
      [
        'Items',
        (volume.downwardAPI.items ?? [])
          .map((item) => `${item.fieldRef?.fieldPath ?? item.resourceFieldRef?.resource ?? ''} -> ${item.path}`)
          .join('\n'),
      ],
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
      if (source.secret !== undefined) return [['SecretName', source.secret.name ?? '']];
      if (source.configMap !== undefined) return [['ConfigMapName', source.configMap.name ?? '']];
      if (source.downwardAPI !== undefined) return [['DownwardAPI', 'true']];
      if (source.serviceAccountToken !== undefined) {
        return [['TokenExpirationSeconds', String(source.serviceAccountToken.expirationSeconds ?? '')]];
      }
      return [];
    }),
  ];
}
