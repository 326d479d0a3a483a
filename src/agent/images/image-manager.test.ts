import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { Secret } from '../../api/kinds/secret.ts';
import { isStatusError, StatusError } from '../../lib/status-error.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { FakeImages } from '../../testing/fake-runtime/fake-images.ts';
import { makePod } from '../../testing/pods.ts';
import { settle } from '../../testing/settle.ts';
import { type EnsureResult, ImageManager, type ImageManagerDeps } from './image-manager.ts';

const signal = new AbortController().signal;
let clock: FakeClock;
let images: FakeImages;
let events: string[];
let manager: ImageManager;

beforeEach(() => {
  clock = new FakeClock();
  images = new FakeImages();
  events = [];
  manager = managerWith({});
});

function managerWith(more: Partial<ImageManagerDeps>): ImageManager {
  return new ImageManager({
    images,
    clock,
    record: (_pod, { type, reason, message }) => void events.push(`${type} ${reason} ${message}`),
    secret: (_namespace, name) => (name === 'login' ? login : undefined),
    maxParallelPulls: 1,
    ...more,
  });
}

const login = {
  data: {
    '.dockerconfigjson': Buffer.from(
      JSON.stringify({ auths: { 'reg.example:5000': { auth: Buffer.from('me:pass:word').toString('base64') } } }),
    ).toString('base64'),
  },
} as unknown as Secret;

function ensure(image: string, imagePullPolicy = 'IfNotPresent', uid = 'u1'): Promise<EnsureResult> {
  const pod = makePod({
    metadata: { uid },
    spec: {
      containers: [{ name: 'web', image, imagePullPolicy }],
      imagePullSecrets: [{ name: 'missing' }, { name: 'login' }],
    },
  });
  const [container] = pod.spec.containers;
  assert.ok(container);
  return manager.ensure(pod, container, signal);
}

const reasonOf = (result: EnsureResult): string => (result.kind === 'Waiting' ? result.waiting.reason : result.kind);

describe('an image', () => {
  it('on the device needs no registry', async () => {
    images.add('busybox');
    assert.equal((await ensure('busybox')).kind, 'Present');
    assert.deepEqual(images.pulls, []);
    assert.deepEqual(events, [
      'Normal Pulled Container image "busybox" already present on machine and can be accessed by the pod',
    ]);
  });

  it('that is missing is pulled', async () => {
    images.offer('busybox', { sizeBytes: 7 });
    assert.equal((await ensure('busybox')).kind, 'Present');
    assert.deepEqual(events, [
      'Normal Pulling Pulling image "busybox"',
      'Normal Pulled Successfully pulled image "busybox" in 0ms (0ms including waiting). Image size: 7 bytes.',
    ]);
  });

  it('is asked for each time under Always, and waited for when the registry refuses', async () => {
    images.add('busybox');
    assert.equal(reasonOf(await ensure('busybox', 'Always')), 'ErrImagePull');
    images.offer('busybox');
    clock.advance(10_000);
    assert.equal((await ensure('busybox', 'Always')).kind, 'Present');
    assert.equal(images.pulls.length, 2);
  });

  it('is used under Always when the registry cannot be reached, which is not tried anew at each start', async () => {
    images.add('busybox');
    images.faults.fail('pull', new Error('dial tcp: lookup registry-1.docker.io: no such host'), 2);
    assert.equal((await ensure('busybox', 'Always')).kind, 'Present');
    assert.equal((await ensure('busybox', 'Always')).kind, 'Present');
    assert.equal(images.pulls.length, 1);
    assert.deepEqual(events, [
      'Normal Pulling Pulling image "busybox"',
      'Warning RegistryUnreachable The registry of image "busybox" cannot be reached, the image on the device is used: dial tcp: lookup registry-1.docker.io: no such host',
      'Normal Pulled Container image "busybox" already present on machine and can be accessed by the pod',
      'Normal Pulled Container image "busybox" already present on machine and can be accessed by the pod',
    ]);
    clock.advance(10_000);
    await ensure('busybox', 'Always');
    assert.equal(images.pulls.length, 2);
  });

  it('is not used under Always when the node is told to do as Kubernetes does', async () => {
    manager = managerWith({ usePresentWhenUnreachable: false });
    images.add('busybox');
    images.faults.fail('pull', new Error('dial tcp: lookup registry-1.docker.io: no such host'));
    assert.equal(reasonOf(await ensure('busybox', 'Always')), 'ErrImagePull');
    assert.equal(reasonOf(await ensure('busybox', 'Always')), 'ImagePullBackOff');
  });

  it('is never pulled under Never', async () => {
    images.offer('busybox');
    const result = await ensure('busybox', 'Never');
    assert.deepEqual(result, {
      kind: 'Waiting',
      waiting: {
        reason: 'ErrImageNeverPull',
        message: 'Container image "busybox" is not present with pull policy of Never',
      },
    });
    assert.deepEqual(images.pulls, []);
  });

  it('with a bad name is refused', async () => {
    const result = await ensure('Bad Name');
    assert.equal(reasonOf(result), 'InvalidImageName');
    assert.match(
      result.kind === 'Waiting' ? result.waiting.message : '',
      /^Failed to apply default image tag "Bad Name": couldn't parse image name/,
    );
    assert.ok(events.includes('Warning Failed Error: InvalidImageName'));
  });

  it('is pulled with the login for its registry', async () => {
    images.offer('reg.example:5000/app:1');
    images.offer('other.example/app:1');
    await ensure('reg.example:5000/app:1');
    await ensure('other.example/app:1');
    assert.deepEqual(
      images.pulls.map(({ auth }) => auth),
      [{ username: 'me', password: 'pass:word' }, undefined],
    );
  });
});

describe('logins', () => {
  const refused = new Error('failed to resolve reference: unexpected status code [manifests 1]: 401 Unauthorized');
  const nodeLogins = new Map([['reg.example:5000', { username: 'node', password: 'n' }]]);

  it('of the node are tried after those of the pod were refused', async () => {
    manager = managerWith({ nodeLogins });
    images.offer('reg.example:5000/app:1');
    images.faults.fail('pull', refused);
    assert.equal((await ensure('reg.example:5000/app:1')).kind, 'Present');
    assert.deepEqual(
      images.pulls.map(({ auth }) => auth?.username),
      ['me', 'node'],
    );
  });

  it('are not tried in turn on a registry that is down', async () => {
    manager = managerWith({ nodeLogins });
    images.faults.fail('pull', new Error('connection refused'));
    assert.equal(reasonOf(await ensure('reg.example:5000/app:1')), 'ErrImagePull');
    assert.equal(images.pulls.length, 1);
  });
});

it('two pods that want the same image wait for one download', async () => {
  manager = managerWith({ maxParallelPulls: 5 });
  images.offer('busybox');
  const release = images.faults.hold('pull');
  const both = Promise.all([ensure('busybox', 'IfNotPresent', 'u1'), ensure('busybox', 'IfNotPresent', 'u2')]);
  await settle();
  release();
  assert.deepEqual(
    (await both).map(({ kind }) => kind),
    ['Present', 'Present'],
  );
  assert.equal(images.pulls.length, 1);
});

it('tells how pulls go', async () => {
  const told: string[] = [];
  manager = managerWith({
    observer: {
      progress: (name, { phase }) => void told.push(`${phase} ${name}`),
      failed: (name, message) => void told.push(`failed ${name} ${message}`),
      done: (name) => void told.push(`done ${name}`),
    },
  });
  images.offer('busybox');
  await ensure('busybox');
  images.faults.fail('pull', new Error('broken'));
  await ensure('other');
  assert.deepEqual(told, [
    'Resolving docker.io/library/busybox:latest',
    'done docker.io/library/busybox:latest',
    'Resolving docker.io/library/other:latest',
    // Not done before: what is known of the layers goes with the failure.
    'failed docker.io/library/other:latest broken',
  ]);
});

describe('a pull that fails', () => {
  it('is told once, then held back for 10 s, doubling to 5 min', async () => {
    for (const delaySeconds of [10, 20, 40, 80, 160, 300, 300]) {
      assert.equal(reasonOf(await ensure('busybox')), 'ErrImagePull');
      clock.advance(delaySeconds * 1000 - 1);
      const held = await ensure('busybox');
      assert.equal(reasonOf(held), 'ImagePullBackOff');
      assert.equal(held.kind === 'Waiting' && held.retryAtMonotonicMs, clock.monotonicMs() + 1);
      clock.advance(1);
    }
    assert.ok(events.some((event) => event.startsWith('Warning Failed Failed to pull image "busybox": ')));
    assert.ok(events.includes('Normal BackOff Back-off pulling image "busybox"'));
    assert.ok(events.includes('Warning Failed Error: ImagePullBackOff'));
  });

  it('says in its back-off what went wrong', async () => {
    await ensure('busybox');
    const held = await ensure('busybox');
    assert.match(
      held.kind === 'Waiting' ? held.waiting.message : '',
      /^Back-off pulling image "busybox": ErrImagePull: failed to pull/,
    );
  });

  it('does not hold back an image that was loaded meanwhile', async () => {
    await ensure('busybox');
    images.add('busybox');
    assert.equal((await ensure('busybox')).kind, 'Present');
  });

  it('does not hold back other pods', async () => {
    await ensure('busybox', 'IfNotPresent', 'u1');
    assert.equal(reasonOf(await ensure('busybox', 'IfNotPresent', 'u2')), 'ErrImagePull');
  });
});

it('pulls no more than the setting says at once', async () => {
  images.offer('a');
  images.offer('b');
  const release = images.faults.hold('pull');
  const both = Promise.all([ensure('a', 'IfNotPresent', 'u1'), ensure('b', 'IfNotPresent', 'u2')]);
  await settle();
  assert.equal(images.pulls.length, 1);
  release();
  assert.deepEqual(
    (await both).map(({ kind }) => kind),
    ['Present', 'Present'],
  );
});

describe('an image that somebody asks for', () => {
  it('is fetched, also when there is one of that name, and no event of a pod tells it', async () => {
    images.add('busybox', { sizeBytes: 1 });
    images.offer('busybox', { sizeBytes: 7 });
    const { name, sizeBytes } = await manager.pull('busybox', signal);
    assert.deepEqual([name, sizeBytes], ['docker.io/library/busybox:latest', 7]);
    assert.deepEqual(events, []);
  });

  it('is fetched with the logins of the node', async () => {
    images.offer('reg.example:5000/a:1');
    const nodeLogins = new Map([['reg.example:5000', { username: 'node', password: 'secret' }]]);
    await managerWith({ nodeLogins }).pull('reg.example:5000/a:1', signal);
    assert.deepEqual(images.pulls.at(-1)?.auth, { username: 'node', password: 'secret' });
  });

  it('says what the registry said', async () => {
    await assert.rejects(manager.pull('nowhere:1', signal), (error) => {
      assert.ok(isStatusError(error, 'NotFound'), String(error));
      assert.match(error.message, /^failed to pull image "nowhere:1": .*not found/);
      return true;
    });
    images.faults.fail('pull', new StatusError('InternalError', 'dial tcp 1.2.3.4:443: connect: connection refused'));
    await assert.rejects(manager.pull('away:1', signal), (error) => {
      assert.ok(isStatusError(error, 'ServiceUnavailable'), String(error));
      assert.deepEqual(error.details?.causes, [
        { reason: 'RegistryUnreachable', message: 'dial tcp 1.2.3.4:443: connect: connection refused' },
      ]);
      return true;
    });
  });

  it('must have a name that is one', async () => {
    await assert.rejects(manager.pull('A B', signal), (error) => isStatusError(error, 'Invalid'));
  });

  it('waits for its turn, and tells of itself while it is fetched', async () => {
    images.offer('busybox');
    images.progress = [{ phase: 'Downloading', layers: [] }];
    const seen: string[] = [];
    const observer = {
      progress: (name: string, { phase }: { readonly phase: string }) => void seen.push(`${name} ${phase}`),
      failed: (name: string) => void seen.push(`${name} failed`),
      done: (name: string) => void seen.push(`${name} done`),
    };
    await managerWith({ observer }).pull('busybox', signal);
    const name = 'docker.io/library/busybox:latest';
    assert.deepEqual(seen, [`${name} Resolving`, `${name} Downloading`, `${name} done`]);
  });
});
