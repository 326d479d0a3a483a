/**
 * Pipes between containers of one pod (docs/adr/0048): annotation `eliot.run/pipe.SOURCE: TARGET` leads what SOURCE prints on
 * stdout into the stdin of TARGET. Pure: who may be piped into whom, and what is wrong with what somebody asked for.
 */
import { isDeepStrictEqual } from 'node:util';
import { holdAnnotation, pipeAnnotationPrefix } from '../../run-annotations.ts';
import { duplicateValue, invalidValue, notFound } from '../../schema/field-error.ts';
import type { FieldError } from '../../schema/kind.ts';
import type { Container, Pod, PodSpec } from './types.ts';

export interface Pipe {
  /** Name of the container that writes. */
  readonly source: string;
  /** Name of the container that reads. */
  readonly target: string;
}

type PipedPod = { readonly metadata: Pick<Pod['metadata'], 'annotations'>; readonly spec: PodSpec };

/** The pipes of a pod in the order of their sources' names; those that are wrong, and could only be stored long ago, are left out. */
export function pipesOf(pod: PipedPod): readonly Pipe[] {
  const asked = askedPipes(pod.metadata.annotations);
  if (asked.length === 0) return [];
  const wrong = new Set(validatePipes(pod, '').map(({ field }) => field));
  return asked.filter(({ source }) => !wrong.has(fieldOf(source, '')));
}

/** Whether stdin of this container is fed by a pipe. */
export function isPipeTarget(pod: PipedPod, container: string): boolean {
  return pipesOf(pod).some(({ target }) => target === container);
}

/**
 * What is wrong with the pipes of a pod. Both ends must run beside each other (containers, and init containers that are
 * sidecars); a target has one source, and no terminal; nothing reads its own output, by whatever way round.
 *
 * @param path of the object with `metadata`: empty for a pod, else with a dot at its end
 */
export function validatePipes({ metadata, spec }: PipedPod, path: string): FieldError[] {
  const asked = askedPipes(metadata.annotations);
  const containers = pipeable(spec);
  const isThere = (name: string): boolean => containers.some((container) => container.name === name);
  return asked.flatMap(({ source, target }, index): FieldError[] => {
    const field = fieldOf(source, path);
    if (!isThere(source)) return [notFound(field, source)];
    if (!isThere(target)) return [notFound(field, target)];
    if (source === target) return [invalidValue(field, target, 'a container cannot read its own output')];
    if (asked.slice(0, index).some((other) => other.target === target)) return [duplicateValue(field, target)];
    if (leadsBack(asked, source)) return [invalidValue(field, target, 'must not lead back to the container itself')];
    const container = containers.find(({ name }) => name === target);
    if (container?.tty) return [invalidValue(field, target, 'must be a container without `tty`')];
    if (metadata.annotations?.[holdAnnotation] === target) {
      return [invalidValue(field, target, `must not be the container of ${holdAnnotation}`)];
    }
    return [];
  });
}

/** What stands there already is nobody's mistake of now: only pipes that change are looked at. */
export function validatePipesUpdate(next: PipedPod, previous: PipedPod): FieldError[] {
  const isSame = isDeepStrictEqual(askedPipes(next.metadata.annotations), askedPipes(previous.metadata.annotations));
  return isSame ? [] : validatePipes(next, '');
}

function askedPipes(annotations: Readonly<Record<string, string>> = {}): readonly Pipe[] {
  return Object.entries(annotations)
    .filter(([key]) => key.startsWith(pipeAnnotationPrefix))
    .map(([key, target]) => ({ source: key.slice(pipeAnnotationPrefix.length), target }))
    .sort((a, b) => (a.source < b.source ? -1 : 1));
}

function fieldOf(source: string, path: string): string {
  return `${path}metadata.annotations[${pipeAnnotationPrefix}${source}]`;
}

function pipeable({ containers = [], initContainers = [] }: PodSpec): readonly Container[] {
  return [...containers, ...initContainers.filter(({ restartPolicy }) => restartPolicy === 'Always')];
}

function leadsBack(pipes: readonly Pipe[], start: string): boolean {
  const seen = new Set<string>();
  for (let at: string | undefined = start; at !== undefined && !seen.has(at); ) {
    seen.add(at);
    const from: string = at;
    at = pipes.find(({ source }) => source === from)?.target;
    if (at === start) return true;
  }
  return false;
}
