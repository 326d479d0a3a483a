/**
 * Annotations of pods that the device acts upon: those of `eli run` and `eli up` (docs/adr/0037, docs/adr/0038, docs/adr/0049), and
 * pipes (docs/adr/0048).
 */

/**
 * Name of the Lease, in the pod's namespace, that whoever started the pod renews as long as it cares for it. The device deletes the
 * pod when the Lease has not been renewed for its duration.
 */
export const leaseAnnotation = 'eliot.run/lease';

/** `"true"`: the device deletes the pod when it has finished. One that is leased goes when its lease does. */
export const removeWhenFinishedAnnotation = 'eliot.run/remove-when-finished';

/** Who holds a session of `eli up`, for people: `USER@HOST`. */
export const ownerAnnotation = 'eliot.run/owner';

/** The process of `eli up` on its own machine, by which its owner's next session knows that it has ended. */
export const ownerProcessAnnotation = 'eliot.run/owner-process';

/** The machine of that process and its boot, two hashes: one that has the same name is another one. Missing when it does not say. */
export const ownerMachineAnnotation = 'eliot.run/owner-machine';

/** Who has taken a session over; whoever held it reads it there. */
export const takenOverAnnotation = 'eliot.run/taken-over-by';

/**
 * Name of a container whose program begins only when somebody attaches, so that they see all that it prints. It must have
 * `stdin`; each start of it waits anew.
 */
export const holdAnnotation = 'eliot.run/hold-until-attached';

/**
 * Before the name of a container: a word, whichever. The container is started once for each word: another word starts it at
 * once, in place, in the same sandbox and without a back-off, and ends the one of the word before. One that ends by itself is
 * not started again under the same word. Under restart policy `Always`; under the others a pod that has finished has finished.
 */
export const startAnnotationPrefix = 'eliot.run/start.';

/**
 * Before the name of a container: the container of the same pod whose stdin is to get what it prints on stdout. What is right
 * is said in `src/api/kinds/pod/pipes.ts`.
 */
export const pipeAnnotationPrefix = 'eliot.run/pipe.';
