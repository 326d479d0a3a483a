/**
 * What it takes to get a new build of an application on the device and run it: by `eli push`, as an archive, and by a pull from a
 * registry beside it. 1 MB of 100 MB in 5,000 files is new, and so is every time stamp.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runOk } from '../test/support/command.ts';
import type { TestDevice } from '../test/support/device.ts';
import { DockerRegistry } from '../test/support/docker-registry.ts';
import { makeLayeredImage, noise } from '../test/support/layered-image.ts';
import { timeMs } from './statistics.ts';

const files = 5_000;
const fileBytes = 20_000;
/** 1 MB. */
const changedFiles = 50;

export interface PushTimes {
  readonly way: 'eli push' | 'eli image load' | 'eli image pull';
  /** From the command to the end of a pod of the image. */
  readonly tookMs: number;
  /** Of the image, as it was sent. */
  readonly sentBytes: number;
}

/** The first build is on the device before. */
export async function measurePush(device: TestDevice): Promise<readonly PushTimes[]> {
  const registry = await DockerRegistry.start();
  try {
    const archive = async (way: string, version: number): Promise<string> => {
      const path = join(device.directory, `${way}-${version}.tar`);
      const layers = [
        Array.from({ length: files }, (_, index) => ({
          path: `app/file${index}`,
          content: noise(fileBytes, `${way} ${index < changedFiles ? version : 0} ${index}`),
        })),
      ];
      const image = { name: `bench.test/${way}:${version}`, layers, builtAt: new Date(version * 86_400_000) };
      writeFileSync(path, (await makeLayeredImage(image)).archive);
      return path;
    };
    const results: PushTimes[] = [];
    for (const way of ['push', 'load', 'pull'] as const) {
      const [first, second] = [await archive(way, 1), await archive(way, 2)];
      const bring = async (path: string, version: number): Promise<{ image: string; sentBytes: number }> => {
        const image = `bench.test/${way}:${version}`;
        if (way === 'push') {
          const { stdout } = await device.eliOk(['push', path]);
          return { image, sentBytes: bytesOf(stdout) };
        }
        if (way === 'load') {
          await device.eliOk(['image', 'load', path]);
          return { image, sentBytes: Number((await runOk('stat', ['-c', '%s', path])).stdout) };
        }
        const pulled = `${registry.host}/pull:${version}`;
        await device.eliOk(['image', 'pull', pulled]);
        return { image: pulled, sentBytes: Number((await runOk('stat', ['-c', '%s', path])).stdout) };
      };
      if (way === 'pull') {
        for (const [index, path] of [first, second].entries()) {
          const target = `docker://${registry.host}/pull:${index + 1}`;
          await runOk('skopeo', ['copy', '--quiet', '--dest-tls-verify=false', `docker-archive:${path}`, target]);
        }
      }
      await runPod(device, (await bring(first, 1)).image, `${way}-1`);
      let sentBytes = 0;
      const tookMs = await timeMs(async () => {
        const brought = await bring(second, 2);
        sentBytes = brought.sentBytes;
        await runPod(device, brought.image, `${way}-2`);
      });
      results.push({ way: way === 'push' ? 'eli push' : `eli image ${way}`, tookMs, sentBytes });
    }
    return results;
  } finally {
    await registry.close();
  }
}

async function runPod(device: TestDevice, image: string, name: string): Promise<void> {
  const containers = [{ name: 'main', image, imagePullPolicy: 'Never', command: ['true'] }];
  await device.create({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: { restartPolicy: 'Never', containers },
  });
  await device.kubectlOk(['wait', `pod/${name}`, '--for=jsonpath={.status.phase}=Succeeded', '--timeout=60s']);
  await device.kubectlOk(['delete', 'pod', name, '--force', '--grace-period=0']);
}

/** `… pushed (1.18MB of 101MB sent)`. */
function bytesOf(line: string): number {
  const [, value = '0', unit = 'B'] = /\(([\d.]+)(B|kB|MB) of/.exec(line) ?? [];
  return Math.round(Number(value) * ({ B: 1, kB: 1e3, MB: 1e6 }[unit] ?? 1));
}
