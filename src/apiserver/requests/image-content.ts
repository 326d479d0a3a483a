/** `GET /apis/eliot.run/v1alpha1/images/NAME/archive`: the image itself, as an archive that can be loaded elsewhere. */
import type { Image } from '../../api/kinds/image.ts';
import type { Exchange } from '../http/exchange.ts';
import { writeWithPressure } from '../http/write-with-pressure.ts';
import type { ImageTransfers } from '../image-transfers.ts';

/**
 * Sends exactly as many bytes as it says beforehand; when the image goes meanwhile, the connection breaks.
 *
 * @throws StatusError NotFound when not all of the image is on the device; nothing was sent then
 */
export async function handleImageContent(
  transfers: Pick<ImageTransfers, 'exportArchive'>,
  exchange: Exchange,
  image: Image,
): Promise<void> {
  const { request, response, signal } = exchange;
  const archive = await transfers.exportArchive(image.spec.image, signal);
  response.writeHead(200, {
    'Content-Type': 'application/x-tar',
    'Content-Length': archive.sizeBytes,
    'Cache-Control': 'no-cache, private',
  });
  if (request.method !== 'HEAD') {
    for await (const piece of archive.read()) await writeWithPressure(response, Buffer.from(piece), exchange);
  }
  response.end();
}
