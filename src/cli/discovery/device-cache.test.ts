import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock } from '../../testing/fake-clock.ts';
import { memoryFiles } from '../../testing/memory-files.ts';
import { computeCache, readDeviceCache, updateDeviceCache } from './device-cache.ts';
import type { FoundDevice } from './found-devices.ts';

const path = '/home/me/.eli/cache/devices.json';
const device = (node: string, change: Partial<FoundDevice> = {}): FoundDevice => ({
  instance: node,
  node,
  version: '0.1.0',
  fingerprint: node
    .charAt(0)
    .replace(/[^a-f]/, 'a')
    .repeat(64),
  isPaired: false,
  addresses: ['192.168.1.1'],
  port: 6443,
  ...change,
});
const hour = 3_600_000;
const around = (): { env: { HOME: string }; clock: FakeClock; files: ReturnType<typeof memoryFiles> } => ({
  env: { HOME: '/home/me' },
  clock: new FakeClock(),
  files: memoryFiles(),
});

describe('the cache of devices', () => {
  it('gives what was found the last time', async () => {
    const world = around();
    assert.deepEqual(await readDeviceCache(world), []);
    await updateDeviceCache([], [device('bath'), device('cellar', { instance: 'cellar (2)' })], world);
    const read = await readDeviceCache(world);
    assert.deepEqual(
      read.map(({ seenMs, ...rest }) => rest),
      [device('bath'), device('cellar', { instance: 'cellar (2)' })],
    );
    assert.equal(world.files.modeOf(path), 0o600);
  });

  it('is written only when there is something new', async () => {
    const world = around();
    const found = [device('bath')];
    await updateDeviceCache([], found, world);
    world.clock.advance(hour - 1);
    await updateDeviceCache(await readDeviceCache(world), found, world);
    assert.equal(world.files.writes, 1);
    world.clock.advance(1);
    await updateDeviceCache(await readDeviceCache(world), found, world);
    assert.equal(world.files.writes, 2);
    await updateDeviceCache(await readDeviceCache(world), [device('bath', { addresses: ['192.168.1.9'] })], world);
    assert.equal(world.files.writes, 3);
  });

  it('forgets who has not answered for a week', async () => {
    const world = around();
    await updateDeviceCache([], [device('bath')], world);
    world.clock.advance(7 * 24 * hour);
    assert.deepEqual(await readDeviceCache(world), []);
  });

  it('keeps the 200 that answered last', () => {
    const before = Array.from({ length: 200 }, (_, n) => ({ ...device(`n${n}`), fingerprint: String(n), seenMs: n }));
    const after = computeCache(before, [device('bath')], 1_000);
    assert.equal(after.length, 200);
    assert.deepEqual([after[0]?.node, after.at(-1)?.node], ['bath', 'n1']);
  });

  it('believes a clock that jumped back', () => {
    const [after] = computeCache([{ ...device('bath'), seenMs: 5_000_000 }], [device('bath')], 1_000);
    assert.equal(after?.seenMs, 1_000);
  });

  for (const [what, content] of [
    ['is no JSON', '{'],
    ['is no list', '{}'],
    ['has entries of other forms', '[1,null,{},{"instance":"x","text":"y","addresses":[],"port":"1"}]'],
    ['names addresses that are none', JSON.stringify([{ ...entry(), addresses: ['evil.example/'] }])],
    ['is larger than it may be', `[${' '.repeat(300_000)}]`],
  ] as const) {
    it(`counts as none when it ${what}`, async () => {
      const world = around();
      await world.files.writeFile(path, content, 0o600);
      assert.deepEqual(await readDeviceCache(world), []);
    });
  }

  it('is done without when there is no home, or it cannot be written', async () => {
    const world = around();
    await updateDeviceCache([], [device('bath')], { ...world, env: {} as { HOME: string } });
    assert.equal(world.files.writes, 0);
    const full = { ...world.files, writeFile: () => Promise.reject(new Error('disk full')) };
    await updateDeviceCache([], [device('bath')], { ...world, files: full });
  });
});

function entry(): object {
  return {
    instance: 'x',
    text: ['node=x', `fp=${'a'.repeat(64)}`],
    addresses: ['10.0.0.1'],
    port: 1,
    seen: Date.UTC(2026, 0, 1),
  };
}
