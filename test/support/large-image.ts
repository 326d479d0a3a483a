/** An image with one large file of noise above busybox, and what the device makes of it. */
import { createHash } from 'node:crypto';
import type { TestDevice } from './device.ts';
import { type LayeredImage, makeLayeredImage, noise } from './layered-image.ts';

/** The noise is that of the name. */
export function imageOf(name: string, bytes: number): Promise<LayeredImage> {
  const layers = [[{ path: 'app/large', content: noise(bytes, name) }]];
  return makeLayeredImage({ name, layers, builtAt: new Date(0) });
}

export const md5 = (data: Buffer): string => createHash('md5').update(data).digest('hex');

/** What the large file is when a container reads it. */
export async function md5On(device: TestDevice, image: string): Promise<string> {
  const name = image.replace(/[^a-z0-9]+/g, '-');
  const containers = [{ name: 'main', image, imagePullPolicy: 'Never', command: ['md5sum', '/app/large'] }];
  await device.create({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: { restartPolicy: 'Never', containers },
  });
  await device.waitForPhase(name, 'Succeeded');
  return (await device.eliOk(['logs', name])).stdout.slice(0, 32);
}
