/** Rules for where volumes stand in a container. */
import { forbidden, invalidValue } from '../../../schema/field-error.ts';
import type { FieldError } from '../../../schema/kind.ts';
import { checkDescendingPath, checkNoBacksteps, complaints, notFound } from '../../common/checks.ts';
import type { Container, Volume, VolumeMount } from '../types.ts';

export function validateVolumeMounts(container: Container, volumes: readonly Volume[], path: string): FieldError[] {
  const { volumeMounts = [], volumeDevices = [] } = container;
  const taken = new Set<string>();
  return volumeMounts.flatMap((mount, index) => {
    const { name = '', mountPath = '' } = mount;
    const at = `${path}[${index}]`;
    const volume = volumes.find((candidate) => candidate.name === name);
    const isRepeated = mountPath !== '' && taken.has(mountPath);
    taken.add(mountPath);
    return [
      ...(name !== '' && volume === undefined ? [notFound(`${at}.name`, name)] : []),
      ...(isRepeated ? [invalidValue(`${at}.mountPath`, mountPath, 'must be unique')] : []),
      ...(volumeDevices.some((device) => device.name === name)
        ? [invalidValue(`${at}.name`, name, 'must not already exist in volumeDevices')]
        : []),
      ...(volumeDevices.some((device) => device.devicePath === mountPath)
        ? [invalidValue(`${at}.mountPath`, mountPath, 'must not already exist as a path in volumeDevices')]
        : []),
      ...validateSubPaths(mount, volume, at),
      ...validatePropagation(mount, container, at),
    ];
  });
}

function validateSubPaths(mount: VolumeMount, volume: Volume | undefined, at: string): FieldError[] {
  const { subPath = '', subPathExpr = '' } = mount;
  const inImage = (field: string, value: string): FieldError[] =>
    volume?.image !== undefined && value !== ''
      ? [invalidValue(`${at}.${field}`, value, 'not allowed in image volume sources')]
      : [];
  return [
    ...inImage('subPath', subPath),
    ...inImage('subPathExpr', subPathExpr),
    ...complaints(`${at}.subPath`, subPath, checkDescendingPath(subPath)),
    ...(subPath !== '' && subPathExpr !== ''
      ? [invalidValue(`${at}.subPathExpr`, subPathExpr, 'subPathExpr and subPath are mutually exclusive')]
      : []),
    ...complaints(`${at}.subPathExpr`, subPathExpr, checkDescendingPath(subPathExpr)),
  ];
}

function validatePropagation(mount: VolumeMount, container: Container, at: string): FieldError[] {
  const { mountPropagation = 'None', readOnly = false, recursiveReadOnly = 'Disabled' } = mount;
  const isRecursive = recursiveReadOnly !== 'Disabled';
  return [
    ...(mountPropagation === 'Bidirectional' && container.securityContext?.privileged !== true
      ? [
          forbidden(
            `${at}.mountPropagation`,
            'Bidirectional mount propagation is available only to privileged containers',
          ),
        ]
      : []),
    ...(isRecursive && !readOnly
      ? [forbidden(`${at}.recursiveReadOnly`, 'may only be specified when readOnly is true')]
      : []),
    ...(isRecursive && mountPropagation !== 'None'
      ? [forbidden(`${at}.recursiveReadOnly`, 'may only be specified when mountPropagation is None or not specified')]
      : []),
  ];
}

/** Block devices come from claims only. */
export function validateVolumeDevices(container: Container, volumes: readonly Volume[], path: string): FieldError[] {
  const names = new Set<string>();
  return (container.volumeDevices ?? []).flatMap(({ name = '', devicePath = '' }, index) => {
    const at = `${path}[${index}]`;
    const volume = volumes.find((candidate) => candidate.name === name);
    const isClaim = volume?.persistentVolumeClaim !== undefined || volume?.ephemeral !== undefined;
    const isRepeated = name !== '' && names.has(name);
    names.add(name);
    return [
      ...(isRepeated ? [invalidValue(`${at}.name`, name, 'must be unique')] : []),
      ...(volume !== undefined && !isClaim
        ? [
            invalidValue(
              `${at}.name`,
              name,
              'can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode',
            ),
          ]
        : []),
      ...(name !== '' && volume === undefined ? [notFound(`${at}.name`, name)] : []),
      ...(checkNoBacksteps(devicePath).length > 0
        ? [invalidValue(`${at}.devicePath`, devicePath, "can not contain backsteps ('..')")]
        : []),
    ];
  });
}
