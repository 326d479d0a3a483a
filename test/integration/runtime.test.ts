/** The runtime port's specification, run by the containerd adapter on a real containerd. */
import { runtimeSuite } from '../../src/testing/runtime-suite.ts';
import { busyboxImage, openTestContainerd } from '../support/containerd.ts';

runtimeSuite('ContainerdRuntime', async () => {
  const { managed, ...opened } = await openTestContainerd();
  const { runtime, images } = managed;
  return { ...opened, runtime, images, image: busyboxImage, hasPodNetwork: true };
});
