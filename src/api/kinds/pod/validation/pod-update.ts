/** What of a pod may change once it exists (ValidatePodUpdate). */
import { isDeepStrictEqual } from 'node:util';
import { forbidden, invalidValue } from '../../../schema/field-error.ts';
import type { FieldError } from '../../../schema/kind.ts';
import { checkRange, complaints, maxId } from '../../common/checks.ts';
import { validateMetadataUpdate } from '../../common/metadata-validation.ts';
import { withoutStopSignals } from '../normalize.ts';
import { validatePipesUpdate } from '../pipes.ts';
import type { Container, Pod, PodSpec, Toleration } from '../types.ts';
import { validateEphemeralContainersUpdate } from './ephemeral-containers.ts';

/** Kubernetes' list of what may change, as it stands in its message. */
const updatable = [
  '`spec.containers[*].image`',
  '`spec.initContainers[*].image`',
  '`spec.activeDeadlineSeconds`',
  '`spec.tolerations` (only additions to existing tolerations)',
  '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
].join(',');

export function validatePodUpdate(next: Pod, previous: Pod, subresource?: string): FieldError[] {
  if (subresource === 'ephemeralcontainers') return validateEphemeralContainersUpdate(next.spec, previous.spec);
  return [
    ...validateMetadataUpdate(next.metadata, previous.metadata),
    ...validatePipesUpdate(next, previous),
    // They were stored once, and are dropped from what is written now.
    ...validateSpecUpdate(withoutStopSignals(next.spec), withoutStopSignals(previous.spec)),
  ];
}

function validateSpecUpdate(next: PodSpec, previous: PodSpec): FieldError[] {
  const counts = (['containers', 'initContainers'] as const).filter(
    (list) => (next[list] ?? []).length !== (previous[list] ?? []).length,
  );
  const [first] = counts;
  if (first !== undefined) return [forbidden(`spec.${first}`, 'pod updates may not add or remove containers')];

  const changed = changedPaths(withoutUpdatable(next, previous), previous, 'spec');
  return [
    ...validateDeadlineUpdate(next.activeDeadlineSeconds, previous.activeDeadlineSeconds),
    ...validateTolerationsUpdate(next.tolerations ?? [], previous.tolerations ?? []),
    ...validateGatesUpdate(next, previous),
    ...(changed.length === 0
      ? []
      : [
          forbidden(
            'spec',
            `pod updates may not change fields other than ${updatable}\nchanged: ${changed.join(', ')}`,
          ),
        ]),
  ];
}

/** A deadline may be set, and may come nearer; it may not be taken away. */
function validateDeadlineUpdate(next: number | undefined, previous: number | undefined): FieldError[] {
  const path = 'spec.activeDeadlineSeconds';
  if (next === undefined) {
    return previous === undefined
      ? []
      : [invalidValue(path, undefined, 'must not update from a positive integer to nil value')];
  }
  const outOfRange = complaints(path, next, checkRange(next, 0, maxId));
  if (outOfRange.length > 0) return outOfRange;
  return previous !== undefined && next > previous
    ? [invalidValue(path, next, 'must be less than or equal to previous value')]
    : [];
}

function validateTolerationsUpdate(next: readonly Toleration[], previous: readonly Toleration[]): FieldError[] {
  const apart = ({ tolerationSeconds: _, ...rest }: Toleration): object => rest;
  const isKept = (old: Toleration): boolean => next.some((one) => isDeepStrictEqual(apart(one), apart(old)));
  return previous.every(isKept)
    ? []
    : [forbidden('spec.tolerations', 'existing toleration can not be modified except its tolerationSeconds')];
}

function validateGatesUpdate(next: PodSpec, previous: PodSpec): FieldError[] {
  const before = new Set((previous.schedulingGates ?? []).map(({ name }) => name));
  return (next.schedulingGates ?? []).flatMap(({ name }, index) =>
    before.has(name)
      ? []
      : [
          forbidden(
            `spec.schedulingGates[${index}].name`,
            `only deletion is allowed, but found new scheduling gate '${name}'`,
          ),
        ],
  );
}

/** `next` with everything that may change put back to what it was. */
function withoutUpdatable(next: PodSpec, previous: PodSpec): Readonly<Record<string, unknown>> {
  const { terminationGracePeriodSeconds: oldGrace } = previous;
  const isGraceMended = oldGrace < 0 && next.terminationGracePeriodSeconds === 1;
  return {
    ...next,
    containers: withImagesOf(previous.containers, next.containers),
    initContainers: withImagesOf(previous.initContainers, next.initContainers),
    activeDeadlineSeconds: previous.activeDeadlineSeconds,
    tolerations: previous.tolerations,
    schedulingGates: previous.schedulingGates,
    terminationGracePeriodSeconds: isGraceMended ? oldGrace : next.terminationGracePeriodSeconds,
  };
}

function withImagesOf(
  previous: readonly Container[] | undefined,
  next: readonly Container[] | undefined,
): readonly Container[] | undefined {
  return next?.map((container, index) => {
    const { image: _, ...rest } = container;
    const image = previous?.[index]?.image;
    return image === undefined ? rest : { ...rest, image };
  });
}

/** Paths of the deepest values that differ, `spec.containers[0].env[1].value` for example. */
function changedPaths(next: unknown, previous: unknown, path: string): string[] {
  if (isEmpty(next) && isEmpty(previous)) return [];
  if (isDeepStrictEqual(next, previous)) return [];
  if (Array.isArray(next) && Array.isArray(previous) && next.length === previous.length) {
    return next.flatMap((item, index) => changedPaths(item, previous[index], `${path}[${index}]`));
  }
  if (isRecord(next) && isRecord(previous)) {
    const keys = [...new Set([...Object.keys(previous), ...Object.keys(next)])];
    return keys.flatMap((key) => changedPaths(next[key], previous[key], `${path}.${key}`));
  }
  return [path];
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** No list and an empty one are the same, as for Kubernetes. */
function isEmpty(value: unknown): boolean {
  return value === undefined || (Array.isArray(value) && value.length === 0);
}
