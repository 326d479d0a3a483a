/** `POST /apis/eliot.run/v1alpha1/imagelayers?diffID=…`: the body is a part of a layer, streamed to the agent. */
import type { LayerUpload } from '../../api/image-push/exchange.ts';
import { normalizeImageReference } from '../../api/image-reference.ts';
import { imageLayerKind } from '../../api/kinds/image-layer.ts';
import { formatTime } from '../../lib/clock.ts';
import { StatusError } from '../../lib/status-error.ts';
import type { Exchange } from '../http/exchange.ts';
import { parseMediaType } from '../http/media-type.ts';
import { presentationOf, sendObject } from '../http/object-answer.ts';
import { readInteger, readText } from '../http/query.ts';
import type { ImagePushes } from '../image-pushes.ts';
import { readDryRun } from '../write-context.ts';
import { checkLayer, isBetween } from './image-push.ts';

const contentType = 'application/octet-stream';
/** Of an image. */
const maxLayers = 1_000;

/** @throws StatusError UnsupportedMediaType, BadRequest for a dry run, Invalid for what no layer can be; else the agent's */
export async function handleImageLayer(pushes: Pick<ImagePushes, 'takeLayer'>, exchange: Exchange): Promise<void> {
  const { request, query, clock, signal } = exchange;
  // What cannot be answered must not be done.
  presentationOf(exchange);
  if (readDryRun(exchange, 'CreateOptions')) {
    throw new StatusError('BadRequest', 'a layer cannot be sent as a dry run');
  }
  const { type } = parseMediaType(request.headers['content-type'] ?? '');
  if (type !== contentType) {
    throw new StatusError('UnsupportedMediaType', `a part of a layer is sent as ${contentType}, not as "${type}"`);
  }
  // Who reads it may stop before its end, and the answer still has to get there.
  const body = request.iterator({ destroyOnReturn: false }) as AsyncIterableIterator<Buffer>;
  const status = await pushes.takeLayer(readUpload(query), body, signal);
  // What is left of it must not be taken for the next request.
  if (!request.complete) exchange.response.setHeader('Connection', 'close');
  const { group, version, kind } = imageLayerKind;
  const answer = {
    apiVersion: `${group}/${version}`,
    kind,
    metadata: { creationTimestamp: formatTime(clock.now()) },
    status,
  };
  await sendObject(exchange, imageLayerKind, answer, 201);
}

function readUpload(query: URLSearchParams): LayerUpload {
  const layer = checkLayer({
    diffID: readText(query, 'diffID') ?? '',
    sizeBytes: readInteger(query, 'sizeBytes') ?? 0,
    recipe: readText(query, 'recipe') ?? '',
    recipeBytes: readInteger(query, 'recipeBytes') ?? 0,
  });
  const image = normalizeImageReference(readText(query, 'image') ?? '');
  const index = readInteger(query, 'index') ?? 0;
  const offset = readInteger(query, 'offset') ?? 0;
  if (!isBetween(index, 0, maxLayers) || !isBetween(offset, 0, layer.recipeBytes)) {
    throw new StatusError('Invalid', `there is no place ${offset} in layer ${index}`);
  }
  return { ...layer, image, index, offset };
}
