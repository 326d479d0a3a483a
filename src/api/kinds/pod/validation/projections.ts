/** Rules for the files that volumes show of API objects. */
import { forbidden, invalidValue, requiredValue } from '../../../schema/field-error.ts';
import type { FieldError } from '../../../schema/kind.ts';
import { checkFileMode, checkVolumeFilePath, complaints } from '../../common/checks.ts';
import type { DownwardAPIVolumeSource, KeyToPath, ProjectedVolumeSource } from '../types.ts';
import { validateFieldRef, validateResourceFieldRef } from './env.ts';

type DownwardFile = NonNullable<DownwardAPIVolumeSource['items']>[number];
type Projection = NonNullable<ProjectedVolumeSource['sources']>[number];

/** Fields of a pod that a file may show, sorted. */
const fileFieldPaths = [
  'metadata.annotations',
  'metadata.labels',
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
];

export function validateMode(mode: number | undefined, path: string): FieldError[] {
  return mode === undefined ? [] : complaints(path, mode, checkFileMode(mode));
}

export function validatePaths(items: readonly KeyToPath[], path: string): FieldError[] {
  return items.flatMap(({ path: file = '', mode }, index) => [
    ...complaints(`${path}[${index}].path`, file, checkVolumeFilePath(file)),
    ...validateMode(mode, `${path}[${index}].mode`),
  ]);
}

export function validateDownwardFiles(files: readonly DownwardFile[], path: string): FieldError[] {
  return files.flatMap(({ path: file = '', mode, fieldRef, resourceFieldRef }, index) => {
    const at = `${path}[${index}]`;
    return [
      ...complaints(`${at}.path`, file, checkVolumeFilePath(file)),
      ...validateMode(mode, `${at}.mode`),
      ...(fieldRef === undefined ? [] : validateFieldRef(fieldRef, fileFieldPaths, `${at}.fieldRef`)),
      ...(resourceFieldRef === undefined ? [] : validateResourceFieldRef(resourceFieldRef, `${at}.resourceFieldRef`)),
      // A volume belongs to no container, so it must be said whose resources are meant.
      ...(resourceFieldRef !== undefined && !resourceFieldRef.containerName
        ? [requiredValue(`${at}.resourceFieldRef.containerName`)]
        : []),
      ...(fieldRef !== undefined && resourceFieldRef !== undefined
        ? [invalidValue(at, 'resource', 'fieldRef and resourceFieldRef can not be specified simultaneously')]
        : []),
      ...(fieldRef === undefined && resourceFieldRef === undefined
        ? [requiredValue(at, 'one of fieldRef and resourceFieldRef is required')]
        : []),
    ];
  });
}

export function validateProjected({ defaultMode, sources = [] }: ProjectedVolumeSource, path: string): FieldError[] {
  const taken = new Set<string>();
  const repeated = sources.flatMap(pathsOf).filter((file) => {
    const isTaken = taken.has(file);
    taken.add(file);
    return isTaken;
  });
  return [
    ...validateMode(defaultMode, `${path}.defaultMode`),
    ...sources.flatMap((source, index) => validateSource(source, `${path}.sources[${index}]`)),
    ...repeated.map((file) => invalidValue(path, file, 'conflicting duplicate paths')),
  ];
}

/** The shortest life of a token that Kubernetes gives out, in seconds. */
const minTokenSeconds = 600;
const maxTokenSeconds = 2 ** 32;

function validateSource(source: Projection, path: string): FieldError[] {
  const { secret, configMap, downwardAPI, serviceAccountToken: token } = source;
  const seconds = token?.expirationSeconds ?? minTokenSeconds;
  const count = Object.values(source).filter((value) => value !== undefined).length;
  return [
    ...(secret !== undefined && !secret.name ? [requiredValue(`${path}.secret.name`)] : []),
    ...validatePaths(secret?.items ?? [], `${path}.secret.items`),
    ...(configMap !== undefined && !configMap.name ? [requiredValue(`${path}.configMap.name`)] : []),
    ...validatePaths(configMap?.items ?? [], `${path}.configMap.items`),
    ...validateDownwardFiles(downwardAPI?.items ?? [], `${path}.downwardAPI.items`),
    ...(seconds < minTokenSeconds
      ? [
          invalidValue(
            `${path}.serviceAccountToken.expirationSeconds`,
            seconds,
            'may not specify a duration less than 10 minutes',
          ),
        ]
      : []),
    ...(seconds > maxTokenSeconds
      ? [
          invalidValue(
            `${path}.serviceAccountToken.expirationSeconds`,
            seconds,
            'may not specify a duration larger than 2^32 seconds',
          ),
        ]
      : []),
    ...(token?.path ? complaints(`${path}.serviceAccountToken.path`, token.path, checkVolumeFilePath(token.path)) : []),
    ...(count > 1 ? [forbidden(path, 'may not specify more than 1 volume type per source')] : []),
  ];
}

function pathsOf({ secret, configMap, downwardAPI, serviceAccountToken, clusterTrustBundle }: Projection): string[] {
  const items = [...(secret?.items ?? []), ...(configMap?.items ?? []), ...(downwardAPI?.items ?? [])];
  return [...items.map(({ path }) => path), serviceAccountToken?.path, clusterTrustBundle?.path].filter(
    (path): path is string => path !== undefined && path !== '',
  );
}
