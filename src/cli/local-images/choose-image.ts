/** Which image of a source fits a device. Pure. */
import { UsageError } from '../usage-error.ts';
import type { LocalImage, LocalImages } from './local-image.ts';

/** What a processor runs beside its own, best first. */
const runs: Readonly<Record<string, readonly string[]>> = { amd64: ['amd64', '386'], arm64: ['arm64', 'arm'] };

/** What an image is for. */
function platformOf({ os, architecture }: Pick<LocalImage, 'os' | 'architecture'>): string {
  return `${os}/${architecture || 'any'}`;
}

/**
 * The images that run on `architecture`, for each of their names the one that fits best.
 *
 * @param architecture in Go's words, as a node says it: `arm64`
 * @param name what they are called, whatever their source says; one image only then
 * @throws UsageError when none fits, or one has no name
 */
export function chooseImages(
  { source, images }: Pick<LocalImages, 'source' | 'images'>,
  architecture: string,
  name: string | undefined,
): readonly LocalImage[] {
  const order = runs[architecture] ?? [architecture];
  const rank = (image: LocalImage): number =>
    image.architecture === '' ? order.length : order.indexOf(image.architecture);
  const fitting = images
    .filter((image) => image.os === 'linux' && rank(image) >= 0)
    .toSorted((a, b) => rank(a) - rank(b));
  if (fitting.length === 0) {
    const there = [...new Set(images.map(platformOf))].join(', ');
    throw new UsageError(
      images.length === 0
        ? `${source} holds no image`
        : `${source} has an image for ${there}, and the device needs linux/${architecture}`,
      `build one for it:  docker build --platform linux/${architecture} …`,
    );
  }
  if (name !== undefined) {
    const [best, ...others] = fitting.filter((image) => rank(image) === rank(fitting[0] as LocalImage));
    if (others.length > 0) throw new UsageError(`${source} holds several images: they cannot all be called ${name}`);
    return [{ ...(best as LocalImage), names: [name] }];
  }
  if (fitting.some(({ names }) => names.length === 0)) {
    throw new UsageError(
      `${source} does not name its image`,
      'give it a name as the second argument:  eli push FILE NAME:TAG',
    );
  }
  const chosen = new Map<string, LocalImage>();
  for (const image of fitting) {
    for (const each of image.names) if (!chosen.has(each)) chosen.set(each, { ...image, names: [each] });
  }
  return [...chosen.values()];
}
