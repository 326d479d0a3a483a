/** Rules for volumes: a name, one source, and paths that stay inside it. */
import { checkDnsLabel } from '../../../names.ts';
import { canonicalQuantity, parseQuantity } from '../../../quantity.ts';
import { forbidden, invalidValue, requiredValue } from '../../../schema/field-error.ts';
import type { FieldError } from '../../../schema/kind.ts';
import { checkNoBacksteps, complaints } from '../../common/checks.ts';
import type { Volume } from '../types.ts';
import { validateDownwardFiles, validateMode, validatePaths, validateProjected } from './projections.ts';

export function validateVolumes(volumes: readonly Volume[], path: string): FieldError[] {
  return volumes.flatMap((volume, index) => {
    const { name = '' } = volume;
    const at = `${path}[${index}]`;
    return [
      ...(name === '' ? [] : complaints(`${at}.name`, name, checkDnsLabel(name))),
      ...validateSourceCount(volume, at),
      ...validateDeviceSources(volume, at),
      ...validateApiSources(volume, at),
    ];
  });
}

function validateSourceCount(volume: Volume, path: string): FieldError[] {
  const [first, ...others] = Object.entries(volume)
    .filter(([key, value]) => key !== 'name' && value !== undefined)
    .map(([key]) => key);
  if (first === undefined) return [requiredValue(path, 'must specify a volume type')];
  return others.map((key) => forbidden(`${path}.${key}`, 'may not specify more than 1 volume type'));
}

/** Sources that the device itself has. */
function validateDeviceSources({ hostPath, emptyDir, nfs, image }: Volume, path: string): FieldError[] {
  const size = emptyDir?.sizeLimit;
  return [
    ...(hostPath?.path ? complaints(`${path}.hostPath.path`, hostPath.path, checkNoBacksteps(hostPath.path)) : []),
    ...(size !== undefined && isNegative(size)
      ? [forbidden(`${path}.emptyDir.sizeLimit`, 'SizeLimit field must be a valid resource quantity')]
      : []),
    ...(nfs?.path && !nfs.path.startsWith('/')
      ? [invalidValue(`${path}.nfs.path`, nfs.path, 'must be an absolute path')]
      : []),
    ...(image !== undefined && !image.reference ? [requiredValue(`${path}.image.reference`)] : []),
  ];
}

function isNegative(quantity: string): boolean {
  return 'text' in canonicalQuantity(quantity) && parseQuantity(quantity).nanos < 0n;
}

/** Sources that are made of API objects. */
function validateApiSources({ configMap, secret, downwardAPI, projected }: Volume, path: string): FieldError[] {
  return [
    ...(configMap === undefined
      ? []
      : [
          ...(configMap.name ? [] : [requiredValue(`${path}.configMap.name`)]),
          ...validateMode(configMap.defaultMode, `${path}.configMap.defaultMode`),
          ...validatePaths(configMap.items ?? [], `${path}.configMap.items`),
        ]),
    ...(secret === undefined
      ? []
      : [
          ...validateMode(secret.defaultMode, `${path}.secret.defaultMode`),
          ...validatePaths(secret.items ?? [], `${path}.secret.items`),
        ]),
    ...(downwardAPI === undefined
      ? []
      : [
          ...validateMode(downwardAPI.defaultMode, `${path}.downwardAPI.defaultMode`),
          ...validateDownwardFiles(downwardAPI.items ?? [], `${path}.downwardAPI.items`),
        ]),
    ...(projected === undefined ? [] : validateProjected(projected, `${path}.projected`)),
  ];
}
