/** Passes the signals that eli gets on to the container, as docker's --sig-proxy does. */

import type { ObjectClient } from '../../api/object-client.ts';
import { podSignals } from '../../api/resources.ts';
import type { SignalName } from '../io.ts';

/** So many requests to end within one run, and eli ends itself: the program does not listen (as docker). */
const patience = 3;

export interface SignalledPod {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
}

export interface SignalProxyDeps {
  readonly client: Pick<ObjectClient, 'create'>;
  /** Told when the program does not listen. */
  readonly onImpatience: (name: SignalName) => void;
  /** Told of a signal that did not get through. */
  readonly onFailure: (name: SignalName, error: unknown) => void;
}

/** What to do with each signal that comes; they arrive in the order in which they came. */
export function createSignalProxy(deps: SignalProxyDeps, to: SignalledPod): (name: SignalName) => void {
  let requestsToEnd = 0;
  let sending = Promise.resolve();
  return (name) => {
    if (name === 'SIGINT' || name === 'SIGTERM') requestsToEnd += 1;
    if (requestsToEnd >= patience) {
      deps.onImpatience(name);
      return;
    }
    const signal = {
      apiVersion: 'eliot.run/v1alpha1',
      kind: 'PodSignal',
      metadata: { namespace: to.namespace },
      spec: { pod: to.pod, container: to.container, signal: name },
    };
    sending = sending
      .then(() => deps.client.create(podSignals, signal))
      .then(
        () => {},
        (error: unknown) => deps.onFailure(name, error),
      );
  };
}
