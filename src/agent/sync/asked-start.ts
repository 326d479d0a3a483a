/**
 * Containers that are started when somebody asks, and only then: `eliot.run/start.CONTAINER` (docs/adr/0049). Pure.
 *
 * The word in the annotation is intent, and the word that a container was made for is kept with it in the runtime: whatever
 * is interrupted, and however often this is looked at, each word is one start.
 */
import type { Pod } from '../../api/kinds/pod/types.ts';
import { startAnnotationPrefix } from '../../api/run-annotations.ts';
import { type ObservedContainer, wasLostAtReboot } from '../observed-pod.ts';
import { runtimeAnnotations } from '../runtime-labels.ts';

/** The word that asks for a start; undefined for a container that its restart policy alone starts. */
export function startWord({ metadata, spec }: Pod, container: string): string | undefined {
  return spec.restartPolicy === 'Always' ? metadata.annotations?.[startAnnotationPrefix + container] : undefined;
}

/** Whether a container was made for another word than the one that now asks. */
export function isAskedAnew(latest: ObservedContainer, word: string | undefined): boolean {
  return word !== undefined && latest.annotations[runtimeAnnotations.startWord] !== word;
}

/**
 * Whether a container that has ended is to start: for a new word, and when it was not its own end.
 *
 * @param isHere its sandbox is there still
 */
export function isDue(ended: ObservedContainer, word: string, isHere: boolean): boolean {
  return isAskedAnew(ended, word) || !isHere || wasLostAtReboot(ended);
}
