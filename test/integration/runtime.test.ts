/** The runtime port's specification, run by the containerd adapter on a real containerd. */
import { runtimeSuite } from '../../src/testing/runtime-suite.ts';
import { busyboxImage, openTestContainerd } from '../support/containerd.ts';

runtimeSuite('ContainerdRuntime', async () => {
  const { managed, logDirectory, close } = await openTestContainerd(41);
  return {
    runtime: managed.runtime,
    images: managed.images,
    image: busyboxImage,
    logDirectory,
    hasPodNetwork: true,
    close,
  };
});
