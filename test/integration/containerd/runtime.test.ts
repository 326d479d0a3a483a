/** The containerd adapter passes the specification of `Runtime`, on a real containerd. */
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { makeBusyboxImage } from '../../../scripts/busybox-image.ts';
import { runtimeSuite } from '../../../src/testing/runtime-suite.ts';
import { createInstance } from './instance.ts';

runtimeSuite('containerd', async () => {
  const instance = await createInstance();
  const { managed, directory } = instance;
  try {
    const signal = AbortSignal.timeout(60_000);
    await managed.start(signal);
    const archive = await makeBusyboxImage({ name: 'eliot.test/busybox:1' });
    const [image = ''] = await managed.images.importArchive(Readable.from([archive]), signal);
    return {
      runtime: managed.runtime,
      images: managed.images,
      image,
      logDirectory: join(directory, 'logs'),
      hasPodNetwork: true,
      close: () => instance.remove(),
    };
  } catch (error) {
    await instance.remove();
    throw error;
  }
});
