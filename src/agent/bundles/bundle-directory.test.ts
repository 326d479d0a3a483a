import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Bundle } from '../../api/kinds/bundle.ts';
import { bundles } from '../../api/resources.ts';
import { silentLogger } from '../../lib/logger.ts';
import { TestApi } from '../../testing/api-server.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { BundleDirectory, type FileState } from './bundle-directory.ts';
import type { FileOutcome } from './bundle-receiver.ts';
import type { Obstacle } from './refusal.ts';

const signal = new AbortController().signal;
const file = (name: string, sizeBytes = 100, changedMs = 1): FileState => ({ name, sizeBytes, changedMs });
const refused = (obstacle: Obstacle, message: string, bundle?: string): FileOutcome => ({
  outcome: 'Refused',
  bundle,
  message,
  obstacle,
  hasWritten: false,
});
const taken: FileOutcome = { outcome: 'Applied', bundle: 'shop', version: '1' };

class Stick {
  readonly clock = new FakeClock();
  readonly offered: string[] = [];
  readonly events: string[] = [];
  readonly warnings: string[] = [];
  files: readonly FileState[] = [];
  outcome: FileOutcome = taken;
  keys = 'factory';
  readonly written: string[] = [];
  readonly #directory: BundleDirectory;

  constructor(client: TestApi['client']) {
    this.#directory = new BundleDirectory({
      listFiles: async () => this.files,
      pathOf: (name) => `/stick/${name}`,
      readKeys: async () => this.keys,
      offer: async (path) => {
        this.offered.push(path);
        return this.outcome;
      },
      client: {
        ...client,
        get: (...args) => client.get(...args),
        patch: (...args) => {
          this.written.push(JSON.stringify(args[3]));
          return client.patch(...args);
        },
      },
      events: { recordFor: (_object, { reason, message }) => this.events.push(`${reason} ${message}`) },
      warnNode: (reason, message) => this.warnings.push(`${reason} ${message}`),
      clock: this.clock,
      log: silentLogger,
    });
  }

  /** Looks at `files`, as often as told, two seconds apart. */
  async look(files: readonly FileState[], times = 1): Promise<readonly string[]> {
    this.files = files;
    const before = this.offered.length;
    for (let time = 0; time < times; time += 1) {
      await this.#directory.look(signal);
      this.clock.advance(2_000);
    }
    return this.offered.slice(before);
  }
}

describe('the directory of bundles', () => {
  const withStick = (use: (stick: Stick, api: TestApi) => Promise<void>) => async () => {
    const api = await TestApi.start();
    try {
      await use(new Stick(api.client), api);
    } finally {
      await api.stop();
    }
  };

  it(
    'offers a file once, when it has stood still',
    withStick(async (stick) => {
      assert.deepEqual(await stick.look([file('a.eliot', 10)]), []);
      assert.deepEqual(await stick.look([file('a.eliot', 20)]), []);
      assert.deepEqual(await stick.look([file('a.eliot', 20)]), ['/stick/a.eliot']);
      assert.deepEqual(await stick.look([file('a.eliot', 20)], 100), []);
    }),
  );

  it(
    'offers it again when it has changed, or was away',
    withStick(async (stick) => {
      await stick.look([file('a.eliot')], 2);
      assert.deepEqual(await stick.look([file('a.eliot', 100, 2)], 2), ['/stick/a.eliot']);
      await stick.look([]);
      assert.deepEqual(await stick.look([file('a.eliot', 100, 2)], 2), ['/stick/a.eliot']);
    }),
  );

  it(
    'leaves other files alone, hidden ones too',
    withStick(async (stick) => {
      assert.deepEqual(await stick.look([file('a.tar'), file('.a.eliot'), file('._a.eliot')], 3), []);
    }),
  );

  it(
    'waits for one that is incomplete, and speaks of it when it does not grow',
    withStick(async (stick) => {
      stick.outcome = refused('Copy', 'it ends early');
      await stick.look([file('a.eliot')], 2);
      assert.deepEqual(stick.warnings, []);
      await stick.look([file('a.eliot')], 40);
      assert.deepEqual(stick.warnings, ['BundleRefused /stick/a.eliot: it ends early']);
      stick.outcome = taken;
      assert.deepEqual(await stick.look([file('a.eliot', 200)], 2), ['/stick/a.eliot']);
    }),
  );

  it(
    'looks ever more seldom at one that stays incomplete, and at once when it grows',
    withStick(async (stick) => {
      stick.outcome = refused('Copy', 'it ends early');
      const hour = 1_800;
      assert.equal((await stick.look([file('a.eliot')], hour)).length, 7);
      assert.equal((await stick.look([file('a.eliot')], 4 * hour)).length <= 5, true);
      assert.deepEqual(await stick.look([file('a.eliot', 200)], 2), ['/stick/a.eliot']);
    }),
  );

  it(
    'tries again what the device could not take',
    withStick(async (stick) => {
      stick.outcome = refused('Device', 'the disk is full');
      // After 10, 20, 40 and so on, and then every five minutes.
      assert.equal((await stick.look([file('a.eliot')], 40)).length, 4);
      await stick.look([file('a.eliot')], 300);
      assert.equal((await stick.look([file('a.eliot')], 300)).length, 2);
      assert.deepEqual(stick.warnings, ['BundleRefused /stick/a.eliot: the disk is full']);
    }),
  );

  it(
    'tries again, and takes in the end, what was in the way of the device, without a word or a write while it waits',
    withStick(async (stick, api) => {
      await makeShop(api);
      stick.outcome = refused('Device', 'exceeded quota: small', 'shop');
      // A day: at first soon, then every five minutes.
      assert.equal((await stick.look([file('a.eliot')], 43_200)).length, 292);
      assert.deepEqual(stick.events, ['BundleRefused /stick/a.eliot: exceeded quota: small']);
      assert.equal(stick.written.length, 1);
      stick.outcome = taken;
      assert.deepEqual(await stick.look([file('a.eliot')], 151), ['/stick/a.eliot']);
      assert.deepEqual(stick.events.slice(1), ['BundleTaken version 1 came from /stick/a.eliot']);
      const { status } = await api.client.get<Bundle>(bundles, { name: 'shop' });
      assert.equal(status.refused, undefined);
      assert.deepEqual(await stick.look([file('a.eliot')], 1_000), []);
    }),
  );

  it(
    'tries seldom what has been written to the flash by each try',
    withStick(async (stick) => {
      stick.outcome = { ...refused('Device', 'the stick cannot be read'), hasWritten: true } as FileOutcome;
      assert.equal((await stick.look([file('a.eliot')], 43_200)).length, 15);
      // Once it fails before anything is written it is cheap again.
      stick.outcome = refused('Device', 'containerd is away');
      await stick.look([file('a.eliot')], 10_800);
      assert.equal((await stick.look([file('a.eliot')], 300)).length, 2);
    }),
  );

  it(
    'looks again at one of a strange key as soon as other keys are trusted, and not before',
    withStick(async (stick) => {
      stick.outcome = refused('Keys', 'is signed by key x');
      assert.equal((await stick.look([file('a.eliot')], 10_000)).length, 1);
      stick.keys = 'factory, stranger';
      assert.equal((await stick.look([file('a.eliot')], 10_000)).length, 1);
      stick.keys = 'factory, x';
      stick.outcome = taken;
      assert.deepEqual(await stick.look([file('a.eliot')]), ['/stick/a.eliot']);
      assert.deepEqual(stick.warnings, [
        'BundleRefused /stick/a.eliot: is signed by key x',
        'BundleTaken version 1 came from /stick/a.eliot',
      ]);
    }),
  );

  it(
    'never looks again at one that is wrong itself',
    withStick(async (stick) => {
      stick.outcome = refused('File', 'the signature of the bundle is wrong');
      await stick.look([file('a.eliot')], 2);
      stick.keys = 'others';
      assert.deepEqual(await stick.look([file('a.eliot')], 43_200), []);
    }),
  );

  it(
    'says once what is in the way, and once more when it is something else',
    withStick(async (stick) => {
      for (let round = 0; round < 3; round += 1) {
        stick.outcome = refused('Device', 'the disk is full');
        await stick.look([file('a.eliot')], 500);
        stick.outcome = refused('Keys', 'is signed by key x');
        await stick.look([file('a.eliot')], 500);
        stick.keys += ', another';
      }
      assert.deepEqual(stick.warnings, [
        'BundleRefused /stick/a.eliot: the disk is full',
        'BundleRefused /stick/a.eliot: is signed by key x',
      ]);
    }),
  );

  it(
    'tells of a refusal at the bundle of that name',
    withStick(async (stick, api) => {
      await makeShop(api);
      stick.outcome = refused('File', 'is older than 2', 'shop');
      await stick.look([file('a.eliot')], 3);
      assert.deepEqual(stick.events, ['BundleRefused /stick/a.eliot: is older than 2']);
      const { status } = await api.client.get<Bundle>(bundles, { name: 'shop' });
      assert.equal(status.refused?.message, 'is older than 2');
      assert.equal(status.refused?.from, '/stick/a.eliot');
    }),
  );
});

async function makeShop({ client }: TestApi): Promise<void> {
  const spec = { version: '2', digest: `sha256:${'a'.repeat(64)}` };
  await client.create(bundles, { apiVersion: 'eliot.run/v1alpha1', kind: 'Bundle', metadata: { name: 'shop' }, spec });
}
