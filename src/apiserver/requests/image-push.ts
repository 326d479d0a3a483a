/** `POST /apis/eliot.run/v1alpha1/imagepushes`: says what is missing of an image, or completes it. */
import type { LayerRequest } from '../../api/image-push/exchange.ts';
import { maxLayerBytes, maxRecipeBytes } from '../../api/image-push/recipe.ts';
import { normalizeImageReference, parseImageReference } from '../../api/image-reference.ts';
import { type ImagePush, imagePushKind } from '../../api/kinds/image-push.ts';
import { formatTime } from '../../lib/clock.ts';
import { StatusError } from '../../lib/status-error.ts';
import { sendJson } from '../http/answer.ts';
import { requireObjectForm } from '../http/answer-form.ts';
import type { Exchange } from '../http/exchange.ts';
import type { ImagePushes } from '../image-pushes.ts';
import { completeObject, validateObject } from '../registry/complete-object.ts';
import { decodeObject } from '../registry/decode-object.ts';
import type { Registry } from '../registry.ts';
import { readWriteContext } from '../write-context.ts';
import { readObjectBody } from './request-body.ts';

const digestPattern = /^sha256:[0-9a-f]{64}$/;

/**
 * @throws StatusError BadRequest for a dry run, Invalid for what is no name with a tag or no digest, Forbidden for a name that
 *   the caller must not replace; else the agent's
 */
export async function handleImagePush(
  registry: Pick<Registry, 'checkMayReplaceImages'>,
  pushes: Pick<ImagePushes, 'push'>,
  exchange: Exchange,
): Promise<void> {
  requireObjectForm(exchange.request.headers.accept);
  const body = await readObjectBody(exchange);
  const context = readWriteContext(exchange, 'CreateOptions', body.duplicateFields);
  if (context.dryRun) throw new StatusError('BadRequest', 'an image cannot be pushed as a dry run');
  const asked = completeObject(imagePushKind, decodeObject(imagePushKind, body.value, context)) as ImagePush;
  validateObject(imagePushKind, { ...asked, metadata: {} });
  const { image: name, configuration, layers = [] } = asked.spec;
  if (parseImageReference(name).tag === undefined) {
    throw new StatusError(
      'Invalid',
      `${name} is no name for a pushed image: its manifest is made here, so give it a tag`,
    );
  }
  const image = normalizeImageReference(name);
  // Asked at each request, so when the image gets its name as well.
  await registry.checkMayReplaceImages(imagePushKind, [image], exchange.user);
  const state = await pushes.push({ image, configuration, layers: layers.map(checkLayer) }, exchange.signal);
  const { group, version, kind } = imagePushKind;
  await sendJson(exchange, 201, {
    apiVersion: `${group}/${version}`,
    kind,
    metadata: { creationTimestamp: formatTime(exchange.clock.now()) },
    // Without the configuration, which the client has.
    spec: { image, configuration: '' },
    status: state,
  });
}

/** @throws StatusError Invalid for what no layer can be */
export function checkLayer({ diffID, sizeBytes, recipe, recipeBytes }: LayerRequest): LayerRequest {
  const isGood =
    digestPattern.test(diffID) &&
    digestPattern.test(recipe) &&
    isBetween(sizeBytes, 1, maxLayerBytes) &&
    isBetween(recipeBytes, 1, maxRecipeBytes);
  if (isGood) return { diffID, sizeBytes, recipe, recipeBytes };
  throw new StatusError(
    'Invalid',
    `there is no layer ${diffID} of ${sizeBytes} bytes by a recipe ${recipe} of ${recipeBytes}`,
  );
}

/** Bounds included. */
export function isBetween(value: number, least: number, most: number): boolean {
  return Number.isSafeInteger(value) && value >= least && value <= most;
}
