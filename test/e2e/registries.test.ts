/** Registries as they are outside: with a login, with a CA of their own, without TLS, behind mirrors, and down. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { BlobProxy } from '../support/blob-proxy.ts';
import { shellPod, TestDevice, testImage } from '../support/device.ts';
import { DockerRegistry } from '../support/docker-registry.ts';
import { selfSigned } from '../support/self-signed.ts';
import { waitFor } from '../support/wait.ts';

/** bcrypt of `secret`. */
const htpasswd = {
  line: 'ann:$2b$05$4m1QHLQdYyLIqanTqRKdauaw9ixps3Ald86H/6mhD.rzvACrr6Dge',
  user: 'ann',
  password: 'secret',
};

describe('registries', { concurrency: 4 }, () => {
  let device: TestDevice;
  const closers: (() => Promise<void>)[] = [];
  let plain: DockerRegistry;
  let guarded: DockerRegistry;
  let known: DockerRegistry;
  let secure: DockerRegistry;
  let early: DockerRegistry;
  let mirror: BlobProxy;
  let allowed: BlobProxy;
  let forbidden: BlobProxy;
  let gateway = '';

  before(async () => {
    device = await TestDevice.create();
    const registry = async (options = {}): Promise<DockerRegistry> => {
      const started = await DockerRegistry.start(options);
      closers.push(() => started.close());
      return started;
    };
    const proxy = async (address?: string): Promise<BlobProxy> => {
      const started = await BlobProxy.start(plain.port, address);
      closers.push(() => started.close());
      return started;
    };
    const tls = async (name: string, validity = {}) => {
      const { cert, key } = await selfSigned(validity);
      const paths = { certificate: join(device.directory, `${name}.pem`), key: join(device.directory, `${name}.key`) };
      writeFileSync(paths.certificate, cert);
      writeFileSync(paths.key, key);
      return paths;
    };
    try {
      const ownCa = await tls('own');
      const notYet = await tls('early', { notBefore: new Date('2090-01-01T00:00:00Z') });
      [plain, guarded, known, secure, early] = await Promise.all([
        registry(),
        registry({ htpasswd }),
        registry({ htpasswd }),
        registry({ tls: ownCa }),
        registry({ tls: notYet }),
      ]);
      await Promise.all([
        plain.push('library/radio:1'),
        plain.push('app:1'),
        guarded.push('app:1'),
        known.push('app:1'),
        secure.push('app:1'),
      ]);
      mirror = await proxy();
      allowed = await proxy('0.0.0.0');
      forbidden = await proxy('0.0.0.0');
      // The device's own end of its pod network: no loopback, where plain HTTP needs no leave.
      gateway = device.podCidr.replace(/0\.0\/16$/, '0.1');
      const config = {
        registries: {
          'docker.io': { mirrors: [`http://${mirror.host}`] },
          'nowhere.test': {
            mirrors: [
              'http://127.0.0.1:9',
              { url: `http://${known.host}`, auth: { username: 'ann', password: 'secret' } },
            ],
          },
          [known.host]: { auth: { username: 'ann', password: 'secret' }, plainHttp: true },
          [secure.host]: { ca: ownCa.certificate },
          [early.host]: { ca: notYet.certificate },
          [`${gateway}:${allowed.port}`]: { plainHttp: true },
        },
      };
      writeFileSync(join(device.directory, 'eliotd.yaml'), JSON.stringify(config));
      device.addArgs('--config', join(device.directory, 'eliotd.yaml'));
      await device.startDaemon();
      await device.waitForNode();
      await device.loadImage(testImage);
    } catch (error) {
      await close();
      throw error;
    }
  });
  const close = async (): Promise<void> => {
    await Promise.all(closers.map((end) => end()));
    await device.close();
  };
  after(close);

  const run = async (name: string, image: string, spec: Record<string, unknown> = {}, policy = 'IfNotPresent') => {
    const containers = [{ name: 'main', image, imagePullPolicy: policy, command: ['sleep', '600'] }];
    await device.create(shellPod(name, '', { containers, ...spec }));
  };
  const events = async (pod: string): Promise<string> => {
    const path = 'jsonpath={range .items[*]}{.type} {.reason} {.message}{"\\n"}{end}';
    const selector = `involvedObject.name=${pod}`;
    return (await device.kubectlOk(['get', 'events', '--field-selector', selector, '-o', path])).stdout;
  };
  const waitForEvent = (pod: string, pattern: RegExp) =>
    waitFor(`event ${pattern} of ${pod}`, async () => {
      const seen = await events(pod);
      if (!pattern.test(seen)) throw new Error(`its events are\n${seen}`);
      return seen;
    });
  const waitingReason = async (pod: string): Promise<string> =>
    (await device.kubectlOk(['get', 'pod', pod, '-o', 'jsonpath={.status.containerStatuses[0].state.waiting.reason}']))
      .stdout;

  it('a mirror stands for docker.io', async () => {
    await run('mirrored', 'radio:1');
    await device.waitForPhase('mirrored', 'Running');
    assert.ok(mirror.requests.some((request) => request.includes('/v2/library/radio/')));
    const seen = await events('mirrored');
    assert.match(seen, /Normal Pulling Pulling image "radio:1"/);
    assert.match(
      seen,
      /Normal Pulled Successfully pulled image "radio:1" in [\d.]+m?s \([\d.]+m?s including waiting\)\. Image size: \d+ bytes\./,
    );
  });

  it('the next mirror is asked when one is down, with the login that belongs to it', async () => {
    await run('second-mirror', 'nowhere.test/app:1');
    await device.waitForPhase('second-mirror', 'Running');
  });

  it('a registry with a login wants imagePullSecrets', async () => {
    await device.kubectlOk([
      'create',
      'secret',
      'docker-registry',
      'good',
      `--docker-server=${guarded.host}`,
      '--docker-username=ann',
      '--docker-password=secret',
    ]);
    await device.kubectlOk([
      'create',
      'secret',
      'docker-registry',
      'bad',
      `--docker-server=${guarded.host}`,
      '--docker-username=ann',
      '--docker-password=wrong',
    ]);
    await run('stranger', `${guarded.host}/app:1`);
    await waitForEvent('stranger', /Warning Failed Failed to pull image "[^"]*": .*401 Unauthorized/);
    await waitFor('the back-off', async () => (await waitingReason('stranger')) === 'ImagePullBackOff');
    await waitForEvent('stranger', /Normal BackOff Back-off pulling image/);
    await run('friend', `${guarded.host}/app:1`, { imagePullSecrets: [{ name: 'bad' }, { name: 'good' }] });
    await device.waitForPhase('friend', 'Running');
  });

  it('a login of the node needs no secret', async () => {
    await run('by-node', `${known.host}/app:1`);
    await device.waitForPhase('by-node', 'Running');
  });

  it('a registry with a CA of its own is believed when that CA is configured', async () => {
    await run('own-ca', `${secure.host}/app:1`);
    await device.waitForPhase('own-ca', 'Running');
  });

  it('a certificate that is not valid yet is told with what the clock says', async () => {
    await run('early', `${early.host}/app:1`);
    await waitForEvent(
      'early',
      /the registry's certificate is valid only from 2090-01-01T00:00:00Z on, and the clock of this device says \S+: one of the two is wrong/,
    );
  });

  it('plain HTTP is spoken to a registry that is configured so, and to no other', async () => {
    await run('plain', `${gateway}:${allowed.port}/app:1`);
    await run('tls-only', `${gateway}:${forbidden.port}/app:1`);
    await device.waitForPhase('plain', 'Running');
    await waitForEvent('tls-only', /Failed to pull image .*server gave HTTP response to HTTPS client/);
  });

  it('a present image is run when its registry is down, under Always too', async () => {
    await run('offline-always', testImage, {}, 'Always');
    await device.waitForPhase('offline-always', 'Running');
    assert.match(
      await events('offline-always'),
      /Warning RegistryUnreachable The registry of image "eliot\.test\/busybox:1" cannot be reached, the image on the device is used/,
    );
  });

  it('an image that is nowhere waits in ErrImagePull, under Never in ErrImageNeverPull, a bad name in InvalidImageName', async () => {
    await run('nowhere', '127.0.0.1:9/app:1');
    await run('never', 'missing:1', {}, 'Never');
    await run('badly-named', 'Not_A_Name:1');
    await waitFor('ErrImagePull', async () => /ErrImagePull|ImagePullBackOff/.test(await waitingReason('nowhere')));
    await waitFor('never', async () => (await waitingReason('never')) === 'ErrImageNeverPull');
    await waitFor('bad name', async () => (await waitingReason('badly-named')) === 'InvalidImageName');
  });
});
