/** `POST /apis/eliot.run/v1alpha1/namespaces/NAMESPACE/podsignals`: passes a signal to a container. */

import { podKind } from '../../api/kinds/pod/pod.ts';
import type { Pod } from '../../api/kinds/pod/types.ts';
import { type PodSignal, podSignalKind, signalNumbers } from '../../api/kinds/pod-signal.ts';
import { formatTime } from '../../lib/clock.ts';
import { StatusError } from '../../lib/status-error.ts';
import type { Exchange } from '../http/exchange.ts';
import { presentationOf, sendObject } from '../http/object-answer.ts';
import type { PodStreams } from '../pod-streams.ts';
import { chooseContainer } from '../pods/choose-container.ts';
import { completeObject, validateObject } from '../registry/complete-object.ts';
import { decodeObject } from '../registry/decode-object.ts';
import type { Registry } from '../registry.ts';
import { readWriteContext } from '../write-context.ts';
import { readObjectBody } from './request-body.ts';

/** @throws StatusError NotFound (no such pod, or its container does not run), Invalid, BadRequest */
export async function handlePodSignal(
  { registry, podStreams }: { readonly registry: Registry; readonly podStreams: PodStreams },
  exchange: Exchange,
  namespace: string,
): Promise<void> {
  // What cannot be answered must not be done.
  presentationOf(exchange);
  const body = await readObjectBody(exchange);
  const context = readWriteContext(exchange, 'CreateOptions', body.duplicateFields);
  const sent = completeObject(podSignalKind, decodeObject(podSignalKind, body.value, context)) as PodSignal;
  if (sent.metadata.namespace && sent.metadata.namespace !== namespace) {
    throw new StatusError('BadRequest', `namespace does not match URL: ${namespace}`);
  }
  validateObject(podSignalKind, sent);
  const pod = (await registry.get(podKind, { namespace, name: sent.spec.pod })) as Pod;
  const { name = '', uid = '' } = pod.metadata;
  const container = chooseContainer(pod, sent.spec.container);
  const number = signalNumbers[sent.spec.signal as keyof typeof signalNumbers];
  if (!context.dryRun) await podStreams.signal({ namespace, pod: name, uid, container }, number, exchange.signal);
  const metadata = { namespace, creationTimestamp: formatTime(exchange.clock.now()) };
  await sendObject(exchange, podSignalKind, { ...sent, metadata, spec: { ...sent.spec, container } }, 201);
}
