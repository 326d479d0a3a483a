/** When ephemeral containers may be there at all: they are only ever added to a pod that exists. */
import { isDeepStrictEqual } from 'node:util';
import { forbidden } from '../../../schema/field-error.ts';
import type { FieldError } from '../../../schema/kind.ts';
import type { Pod, PodSpec } from '../types.ts';

const path = 'spec.ephemeralContainers';

/** Rules for a new pod alone (ValidatePodCreate). */
export function validatePodCreate({ spec }: Pod): FieldError[] {
  return (spec.ephemeralContainers ?? []).length > 0 ? [forbidden(path, 'cannot be set on create')] : [];
}

/** Those that are there stay as they are, in whatever order (ValidatePodEphemeralContainersUpdate). */
export function validateEphemeralContainersUpdate(next: PodSpec, previous: PodSpec): FieldError[] {
  return (previous.ephemeralContainers ?? []).flatMap((old) => {
    const kept = next.ephemeralContainers?.find(({ name }) => name === old.name);
    if (isDeepStrictEqual(kept, old)) return [];
    const what = kept === undefined ? 'removed' : 'changed';
    return [forbidden(path, `existing ephemeral containers "${old.name}" may not be ${what}\n`)];
  });
}
