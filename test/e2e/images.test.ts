/** Images as objects: their pulls, their end, the space they take. A registry of Debian's behind a proxy that stalls. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { BlobProxy } from '../support/blob-proxy.ts';
import { shellPod, TestDevice, testImage } from '../support/device.ts';
import { DockerRegistry } from '../support/docker-registry.ts';
import { waitFor } from '../support/wait.ts';

const mega = 1_000_000;

interface ImageObject {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly image: string };
  readonly status: {
    readonly state: string;
    readonly id?: string;
    readonly message?: string;
    readonly sideLoaded?: boolean;
    readonly synced?: boolean;
    readonly usedBy?: readonly string[];
    readonly layers?: readonly { readonly sizeBytes: number; readonly doneBytes: number }[];
  };
}

// One after the other: the first one kills eliotd.
describe('images', () => {
  let device: TestDevice;
  let registry: DockerRegistry;
  const proxies: BlobProxy[] = [];

  before(async () => {
    device = await TestDevice.create();
    registry = await DockerRegistry.start();
    // Always short of space, so that whatever may be removed is.
    const config = {
      imageGCHighThresholdPercent: 1,
      imageGCLowThresholdPercent: 0,
      imageMinimumGCAge: '2s',
      imageGCPeriod: '1s',
      imagePullProgressDeadline: '20s',
      nodeStatusUpdateFrequency: '1s',
    };
    const path = join(device.directory, 'eliotd.yaml');
    writeFileSync(path, JSON.stringify(config));
    device.addArgs('--config', path);
    await device.startDaemon();
    await device.waitForNode();
    await device.loadImage(testImage);
  });
  after(async () => {
    await device.close();
    await registry.close();
    await Promise.all(proxies.map((proxy) => proxy.close()));
  });

  const proxy = async (): Promise<BlobProxy> => {
    const started = await BlobProxy.start(registry.port);
    proxies.push(started);
    return started;
  };
  const list = async (): Promise<readonly ImageObject[]> =>
    JSON.parse((await device.kubectlOk(['get', 'images', '-o', 'json'])).stdout).items;
  const find = async (image: string): Promise<ImageObject | undefined> =>
    (await list()).find(({ spec }) => spec.image === image);
  const waitForImage = (image: string, what: string, is: (found: ImageObject) => boolean) =>
    waitFor(`image ${image} ${what}`, async () => {
      const found = await find(image);
      if (found === undefined || !is(found)) throw new Error(`it is ${JSON.stringify(found)}`);
      return found;
    });
  const sleeper = (name: string, image: string) =>
    shellPod(name, '', { containers: [{ name: 'main', image, command: ['sleep', '600'] }] });

  it('show how a pull goes on, over a kill -9 of eliotd, and that nothing is downloaded twice', async () => {
    const stalling = await proxy();
    const pushed = await registry.push('large:1', [24 * mega]);
    const image = `${stalling.host}/large:1`;
    stalling.stallAfterBytes = 10 * mega;
    await device.create(sleeper('large', image));
    const pulling = await waitForImage(image, 'half pulled', ({ status: { state, layers = [] } }) => {
      const large = layers.find(({ sizeBytes }) => sizeBytes > 20 * mega);
      return state === 'Pulling' && large !== undefined && large.doneBytes > 8 * mega;
    });
    assert.deepEqual(pulling.status.usedBy, ['default/large']);
    const table = (await device.kubectlOk(['get', 'image', pulling.metadata.name])).stdout;
    assert.match(table, /^NAME +IMAGE +ID +SIZE +STATUS +AGE\n\S+ +\S+large:1 +Pulling \d+% +\d+s\n$/);

    await device.restartDaemon('SIGKILL');
    stalling.stallAfterBytes = undefined;
    stalling.hangUp();
    await device.waitForPhase('large', 'Running', 60_000);
    const present = await waitForImage(image, 'Present', ({ status }) => status.state === 'Present');
    assert.equal(present.status.synced, true);
    assert.equal(present.status.sideLoaded, false);
    const [large] = pushed.layers.filter(({ sizeBytes }) => sizeBytes > 20 * mega);
    const served = stalling.served.get(large?.digest ?? '') ?? 0;
    assert.ok(served < 31 * mega, `${served} bytes of a layer of 24 MB were sent`);
  });

  it('say why a pull failed, as long as a pod wants it', async () => {
    const image = '127.0.0.1:9/nowhere:1';
    await device.create(sleeper('nowhere', image));
    const failed = await waitForImage(image, 'Failed', ({ status }) => status.state === 'Failed');
    assert.match(failed.status.message ?? '', /connection refused/);
    await device.kubectlOk(['delete', 'pod', 'nowhere', '--now']);
    await waitFor('its end', async () => (await find(image)) === undefined);
  });

  it('are deleted by deleting them, unless a pod wants them', async () => {
    const image = 'eliot.test/deleted:1';
    await device.loadImage(image);
    const { metadata } = await waitForImage(image, 'Present', ({ status }) => status.state === 'Present');
    await device.create(sleeper('holder', image));
    await device.waitForPhase('holder', 'Running');
    const refused = await device.kubectl(['delete', 'image', metadata.name]);
    assert.match(
      refused.stderr,
      /^Error from server \(Conflict\): Operation cannot be fulfilled on images\.eliot\.run "deleted-1-\w{8}|image eliot\.test\/deleted:1 is in use by Pod default\/holder; delete that first/,
    );
    assert.equal(refused.exitCode, 1);
    await device.kubectlOk(['delete', 'pod', 'holder', '--now']);
    await device.kubectlOk(['delete', 'image', metadata.name]);
    assert.equal(await find(image), undefined);
    await device.create(shellPod('too-late', '', { containers: [{ name: 'main', image, imagePullPolicy: 'Never' }] }));
    await waitFor('ErrImageNeverPull', async () => {
      const path = 'jsonpath={.status.containerStatuses[0].state.waiting.reason}';
      return (await device.kubectlOk(['get', 'pod', 'too-late', '-o', path])).stdout === 'ErrImageNeverPull';
    });
  });

  it('are removed for space when nothing wants them, and never when something does or no registry has them', async () => {
    await Promise.all(['unused:1', 'template:1'].map((name) => registry.push(name, [1_000])));
    const unused = `${registry.host}/unused:1`;
    const template = `${registry.host}/template:1`;
    await device.create(sleeper('unused', unused));
    await device.create(sleeper('template', template));
    await device.create({
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: { name: 'old-revision' },
      spec: {
        replicas: 0,
        selector: { matchLabels: { app: 'old' } },
        template: { metadata: { labels: { app: 'old' } }, spec: { containers: [{ name: 'main', image: template }] } },
      },
    });
    await device.waitForPhase('unused', 'Running');
    await device.waitForPhase('template', 'Running');
    await device.kubectlOk(['delete', 'pod', 'unused', 'template', '--now']);
    await waitFor('the end of what nothing wants', async () => (await find(unused)) === undefined);
    const events = await waitFor('the event', async () => {
      const selector = 'involvedObject.kind=Node,reason=FreeDiskSpaceFailed';
      const { stdout } = await device.kubectlOk(['get', 'events', '--field-selector', selector, '-o', 'json']);
      return JSON.parse(stdout).items[0];
    });
    assert.equal(events.type, 'Warning');
    assert.match(
      events.message,
      /^Failed to garbage collect required amount of images\. Attempted to free \d+ bytes, but only found \d+ bytes eligible to free\.$/,
    );
    const left = await find(template);
    assert.deepEqual(left?.status.usedBy, ['ReplicaSet default/old-revision']);
    assert.equal((await find(testImage))?.status.sideLoaded, true);
  });

  it('stand in the status of the node', async () => {
    await waitFor('the image', async () => {
      const { stdout } = await device.kubectlOk(['get', 'node', 'device', '-o', 'jsonpath={.status.images[*].names}']);
      return stdout.includes(testImage);
    });
  });

  it('are explained', async () => {
    const { stdout } = await device.kubectlOk(['explain', 'image.status.layers']);
    assert.match(stdout, /doneBytes/);
  });
});
