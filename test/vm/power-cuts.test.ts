/**
 * The power goes (qemu is killed) while an image is pulled or loaded, a pod is made, an app is updated, the device
 * starts. After each cut every app that was acknowledged runs again, once, and every image has all of its files: each
 * app checks the sums of its own before it is ready, and ends with 3 when one is wrong.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { ociLayout } from '../integration/containerd/archives.ts';
import { type Registry, serveRegistry } from '../integration/containerd/registry.ts';
import { shellPod } from '../support/device.ts';
import { whyNoGuest } from '../support/vm/guest.ts';
import { type PodSeen, VmDevice } from '../support/vm/vm-device.ts';
import { waitFor } from '../support/wait.ts';

const filesAnImage = 200;
const corrupt = 3;

/** Many small files that no other image has, and their sums. */
function filesOf(image: string): Record<string, string> {
  const files: Record<string, string> = {};
  for (let index = 0; index < filesAnImage; index += 1) {
    files[`data/${index}`] = `${image} ${index} `.repeat(300);
  }
  const sums = Object.entries(files).map(
    ([name, text]) => `${createHash('sha256').update(text).digest('hex')}  /${name}\n`,
  );
  return { ...files, sums: sums.join('') };
}

/** Becomes ready when all files of its image are right. */
function checkedPod(name: string, image: string): object {
  const line = `sha256sum -c -s /sums || exit ${corrupt}; touch /checked; trap 'exit 0' TERM; while true; do sleep 1; done; : ${name}`;
  const container = {
    name: 'main',
    image,
    imagePullPolicy: 'IfNotPresent',
    command: ['sh', '-c', line],
    readinessProbe: { exec: { command: ['test', '-e', '/checked'] }, periodSeconds: 2, timeoutSeconds: 30 },
  };
  return shellPod(name, '', { containers: [container] });
}

describe('a device whose power is cut', { skip: whyNoGuest() }, () => {
  let device: VmDevice;
  let registry: Registry;
  /** Apps that were acknowledged, and their images. */
  const apps = new Map<string, string>();
  let images = 0;

  before(async () => {
    device = await VmDevice.install();
    registry = await serveRegistry(await ociLayout({ files: filesOf('pulled'), compression: 'gzip' }));
    // The guest's 127.0.0.1:5000 leads to the registry, which serves the same image under every name.
    const port = registry.host.split(':')[1];
    await device.guest.shellOk(`
      cat >/etc/systemd/system/registry.socket <<END
[Socket]
ListenStream=127.0.0.1:5000
[Install]
WantedBy=sockets.target
END
      cat >/etc/systemd/system/registry.service <<END
[Service]
ExecStart=/lib/systemd/systemd-socket-proxyd 10.0.2.2:${port}
END
      systemctl enable --now registry.socket
      sync`);
    await runApp('steady', await load());
  });
  after(async () => {
    await device?.close();
    await registry?.close();
  });

  async function load(): Promise<string> {
    images += 1;
    const name = `eliot.test/loaded-${images}:1`;
    await device.loadImage(name, filesOf(name));
    return name;
  }

  /** Asks for an app; it counts from the moment that the device said yes. */
  async function ask(name: string, image: string): Promise<void> {
    await device.create(checkedPod(name, image));
    apps.set(name, image);
  }

  async function runApp(name: string, image: string): Promise<void> {
    await ask(name, image);
    await device.waitUntilReady(name);
  }

  async function drop(name: string): Promise<void> {
    apps.delete(name);
    await device.kubectlOk(['delete', 'pod', name, '--wait=false', '--now']);
  }

  const endOf = ({ status }: PodSeen): number | undefined => {
    const [container] = status.containerStatuses ?? [];
    return container?.state?.terminated?.exitCode ?? container?.lastState?.terminated?.exitCode;
  };

  /** Cuts the power, starts the machine, and looks whether everything is as it was asked for. */
  async function cutAndCheck(): Promise<void> {
    await device.guest.cutPower();
    await device.guest.boot();
    await device.ready();
    await waitFor(
      'every app to be ready',
      async () => {
        const seen = await device.pods();
        for (const name of apps.keys()) {
          const pod = seen.find(({ metadata }) => metadata.name === name);
          assert.ok(pod !== undefined, `${name} is lost`);
          assert.notEqual(endOf(pod), corrupt, `the image of ${name} is corrupt`);
          if (pod.status.containerStatuses?.[0]?.ready !== true) throw new Error(JSON.stringify(pod.status));
        }
        return true;
      },
      { timeoutMs: 300_000, intervalMs: 1_000 },
    ).catch(async (error: unknown) => {
      throw new Error(`${(await device.log()).slice(-6000)}`, { cause: error });
    });
    for (const name of apps.keys()) assert.equal((await device.runsOf(name)).length, 1, `${name} runs once`);
  }

  it('while a layer is pulled', async () => {
    registry.isMute = true;
    await ask('pulled', '127.0.0.1:5000/pulled:1');
    await waitFor('a layer to be asked for', () => registry.requests.some((line) => /GET .*blobs/.test(line)), {
      timeoutMs: 120_000,
    });
    await delay(1_000);
    registry.isMute = false;
    await cutAndCheck();
  });

  it('while a pulled layer is unpacked', async () => {
    await drop('pulled');
    await device.kubectlOk(['wait', '--for=delete', 'pod/pulled', '--timeout=120s'], { timeoutMs: 130_000 });
    registry.requests.length = 0;
    // Another name, so that the runtime asks for it again.
    await ask('pulled-again', '127.0.0.1:5000/pulled:2');
    await waitFor('the pull', () => registry.requests.some((line) => /manifests\/2/.test(line)), {
      timeoutMs: 120_000,
    });
    await delay(1_500);
    await cutAndCheck();
  });

  it('while an image is loaded', async () => {
    const loading = load().catch(() => 'cut');
    await delay(2_000);
    await cutAndCheck();
    await loading;
  });

  it('right after an image was loaded', async () => {
    const image = await load();
    await cutAndCheck();
    await runApp('loaded', image);
  });

  it('right after an app was asked for', async () => {
    await ask('asked', await load());
    await cutAndCheck();
  });

  it('while the container of an app is made', async () => {
    const image = await load();
    await ask('making', image);
    await delay(2_000);
    await cutAndCheck();
  });

  it('right after an app got ready', async () => {
    await runApp('ready', await load());
    await cutAndCheck();
  });

  it('between the end of an app and the start of its next version', async () => {
    const image = await load();
    await drop('steady');
    await device.kubectlOk(['wait', '--for=delete', 'pod/steady', '--timeout=120s'], { timeoutMs: 130_000 });
    await ask('steady', image);
    await cutAndCheck();
  });

  it('while several apps are removed and made', async () => {
    const image = await load();
    for (const name of ['asked', 'making']) await drop(name);
    for (const name of ['next-1', 'next-2']) await ask(name, image);
    await delay(1_000);
    await cutAndCheck();
    await waitFor(
      'the removed apps to be gone',
      async () => !(await device.pods()).some(({ metadata }) => ['asked', 'making'].includes(metadata.name)),
      { timeoutMs: 120_000, intervalMs: 1_000 },
    );
  });

  it('while a Deployment is rolled out', async () => {
    const [from, to] = [await load(), await load()];
    const { spec } = checkedPod('web', from) as { spec: object };
    const labels = { app: 'web' };
    await device.create({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web' },
      spec: { replicas: 2, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
    });
    const settled = async (): Promise<void> => {
      const { stdout } = await device.kubectlOk(['rollout', 'status', 'deployment/web', '--timeout=280s'], {
        timeoutMs: 290_000,
      });
      assert.match(stdout, /successfully rolled out/);
    };
    await settled();
    await device.kubectlOk(['set', 'image', 'deployment/web', `main=${to}`]);
    await delay(4_000);
    await cutAndCheck();
    await settled();
    // Rolled out is it already while the last pods of the old template still end.
    const args = ['get', 'pods', '-l', 'app=web', '-o', 'jsonpath={.items[*].spec.containers[0].image}'];
    await waitFor(
      'the new pods alone',
      async () => {
        const { stdout } = await device.kubectlOk(args);
        if (stdout !== `${to} ${to}`) throw new Error(stdout);
        return true;
      },
      { timeoutMs: 120_000, intervalMs: 1_000 },
    );
    await device.kubectlOk(['delete', 'deployment', 'web']);
  });

  it('while the device starts after a cut', async () => {
    await device.guest.cutPower();
    await device.guest.boot();
    await waitFor('a pod to be started', () => device.guest.shellOk('pgrep containerd-shim'), {
      timeoutMs: 240_000,
      intervalMs: 500,
    });
    await cutAndCheck();
  });
});
