/** `POST /apis/eliot.run/v1alpha1/imagepulls`: fetches an image; answered when it is there. */
import { normalizeImageReference } from '../../api/image-reference.ts';
import { type ImagePull, imagePullKind } from '../../api/kinds/image-pull.ts';
import { formatTime } from '../../lib/clock.ts';
import { StatusError } from '../../lib/status-error.ts';
import { sendJson } from '../http/answer.ts';
import { requireObjectForm } from '../http/answer-form.ts';
import type { Exchange } from '../http/exchange.ts';
import type { ImageTransfers } from '../image-transfers.ts';
import { completeObject, validateObject } from '../registry/complete-object.ts';
import { decodeObject } from '../registry/decode-object.ts';
import type { Registry } from '../registry.ts';
import { readWriteContext } from '../write-context.ts';
import { readObjectBody } from './request-body.ts';

/**
 * @throws StatusError BadRequest for a dry run, Invalid for what is no name, Forbidden for one that the caller must not
 *   replace; else the registry's refusal
 */
export async function handleImagePull(
  registry: Pick<Registry, 'checkMayReplaceImages'>,
  transfers: Pick<ImageTransfers, 'pull'>,
  exchange: Exchange,
): Promise<void> {
  requireObjectForm(exchange.request.headers.accept);
  const body = await readObjectBody(exchange);
  const context = readWriteContext(exchange, 'CreateOptions', body.duplicateFields);
  if (context.dryRun) throw new StatusError('BadRequest', 'an image cannot be pulled as a dry run');
  const request = completeObject(imagePullKind, decodeObject(imagePullKind, body.value, context)) as ImagePull;
  validateObject(imagePullKind, { ...request, metadata: {} });
  const fullName = normalizeImageReference(request.spec.image);
  await registry.checkMayReplaceImages(imagePullKind, [fullName], exchange.user);
  const { name: image, id, sizeBytes } = await transfers.pull(request.spec.image, exchange.signal);
  const metadata = { ...request.metadata, creationTimestamp: formatTime(exchange.clock.now()) };
  await sendJson(exchange, 201, { ...request, metadata, status: { image, id, sizeBytes } });
}
