/** `POST /apis/eliot.run/v1alpha1/imagearchives`: the body is the archive, streamed to the runtime. */
import { imageArchiveKind } from '../../api/kinds/image-archive.ts';
import { formatTime } from '../../lib/clock.ts';
import { StatusError } from '../../lib/status-error.ts';
import type { Exchange } from '../http/exchange.ts';
import { parseMediaType } from '../http/media-type.ts';
import { presentationOf, sendObject } from '../http/object-answer.ts';
import type { ImageTransfers } from '../image-transfers.ts';
import type { Registry } from '../registry.ts';
import { readDryRun } from '../write-context.ts';

const archiveTypes: ReadonlySet<string> = new Set(['application/x-tar', 'application/octet-stream']);

/**
 * @throws StatusError UnsupportedMediaType for another content type, BadRequest for a dry run, Forbidden for a name that
 *   the caller must not replace; else the runtime's
 */
export async function handleImageArchive(
  registry: Pick<Registry, 'checkMayReplaceImages'>,
  transfers: Pick<ImageTransfers, 'importArchive'>,
  exchange: Exchange,
): Promise<void> {
  const { request, user, clock, signal } = exchange;
  // What cannot be answered must not be done.
  presentationOf(exchange);
  if (readDryRun(exchange, 'CreateOptions')) {
    throw new StatusError('BadRequest', 'an image archive cannot be loaded as a dry run');
  }
  const { type } = parseMediaType(request.headers['content-type'] ?? '');
  if (!archiveTypes.has(type)) {
    throw new StatusError('UnsupportedMediaType', `an image archive is sent as application/x-tar, not as "${type}"`);
  }
  const images = await transfers.importArchive(request, signal, (names) =>
    registry.checkMayReplaceImages(imageArchiveKind, names, user),
  );
  const { group, version, kind } = imageArchiveKind;
  const answer = {
    apiVersion: `${group}/${version}`,
    kind,
    metadata: { creationTimestamp: formatTime(clock.now()) },
    status: { images },
  };
  await sendObject(exchange, imageArchiveKind, answer, 201);
}
