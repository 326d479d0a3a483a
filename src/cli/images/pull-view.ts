/** What an Image object says of a pull, for people: one line, and a bar for each layer. Pure. */
import type { Image } from '../../api/kinds/image.ts';
import type { Bar } from '../terminal/progress-bar.ts';

export interface PullView {
  readonly text: string;
  readonly bars: readonly Bar[];
}

/** @param image undefined while the device has none of that name */
export function viewPull(name: string, image: Image | undefined): PullView {
  const { state, layers = [] } = image?.status ?? {};
  const bars = layers.map(({ digest, doneBytes, sizeBytes }) => ({
    name: digest.replace(/^[^:]*:/, '').slice(0, 12),
    doneBytes,
    totalBytes: sizeBytes,
  }));
  if (state === 'Unpacking') return { text: `Unpacking ${name}`, bars };
  return { text: `Pulling ${name}`, bars: state === 'Pulling' ? bars : [] };
}
