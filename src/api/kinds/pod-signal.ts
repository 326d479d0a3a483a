/**
 * `eliot.run/v1alpha1` PodSignal: a signal for the first process of a container, as `docker kill --signal`. Kubernetes has no word
 * for it. Created, delivered at once, never stored (docs/adr/0038).
 */
import { message, required, string } from '../schema/field.ts';
import type { KindDescription, ObjectOfKind } from '../schema/kind.ts';
import { createOnlyKind } from './common/create-only-kind.ts';
import { always, metadata } from './common/object-fields.ts';

/** Numbers of the signals that may be sent: Linux' own, the same on amd64 and arm64 (signal(7)). */
export const signalNumbers = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGABRT: 6,
  SIGKILL: 9,
  SIGUSR1: 10,
  SIGUSR2: 12,
  SIGALRM: 14,
  SIGTERM: 15,
  SIGCONT: 18,
  SIGSTOP: 19,
  SIGTSTP: 20,
  SIGWINCH: 28,
  SIGIO: 29,
  SIGPWR: 30,
} as const;

export type PodSignalName = keyof typeof signalNumbers;

const podSignalSpec = message('run.eliot.v1alpha1.PodSignalSpec', {
  pod: required(string(1, { doc: 'Name of the pod.' })),
  container: string(2, { doc: 'Name of the container; not needed when the pod has one only.' }),
  signal: required(string(3, { doc: 'Name of the signal, for example SIGHUP.', oneOf: Object.keys(signalNumbers) })),
});

/** A signal for a container. */
export const podSignalFields = message('run.eliot.v1alpha1.PodSignal', {
  metadata,
  spec: always(2, podSignalSpec, 'Which signal, and to whom.'),
});

export type PodSignal = ObjectOfKind<typeof podSignalFields>;

export const podSignalKind: KindDescription<typeof podSignalFields, PodSignal> = createOnlyKind({
  group: 'eliot.run',
  version: 'v1alpha1',
  kind: 'PodSignal',
  resource: 'podsignals',
  singular: 'podsignal',
  namespaced: true,
  fields: podSignalFields,
});
