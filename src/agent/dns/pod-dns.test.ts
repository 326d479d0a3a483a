import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { createFiles } from '../../host/files.ts';
import { silentLogger } from '../../lib/logger.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { makePod } from '../../testing/pods.ts';
import { until } from '../../testing/settle.ts';
import { PodDns } from './pod-dns.ts';

const upstream = '/run/systemd/resolve/resolv.conf';
const pod = makePod();
const onHost = makePod({ metadata: { name: 'host', uid: 'u2' }, spec: { hostNetwork: true } });

describe("a pod's resolv.conf", () => {
  let directory: string;
  let clock: FakeClock;
  let stop: AbortController;
  /** What the device's files say, by path. */
  let device: Record<string, string>;
  let changed: (() => void) | undefined;
  let dns: PodDns;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'pod-dns-'));
    clock = new FakeClock();
    stop = new AbortController();
    device = { '/etc/resolv.conf': 'nameserver 192.0.2.1\nsearch lan\n' };
    changed = undefined;
    const files = createFiles();
    dns = new PodDns({
      files: {
        ...files,
        readFile: async (path) =>
          path.startsWith(directory) ? files.readFile(path) : device[path] ? Buffer.from(device[path]) : undefined,
      },
      watch: (_paths, onChange) => {
        changed = onChange;
      },
      podRunDirectory: (uid) => join(directory, uid),
      pods: { list: () => [pod, onHost], whenSynced: async () => {} },
      clock,
      log: silentLogger,
      resolvConf: '/etc/resolv.conf',
    });
  });
  afterEach(() => {
    stop.abort();
    rmSync(directory, { recursive: true });
  });

  const textOf = async (which = pod): Promise<string> => readFileSync(await dns.fileOf(which), 'utf8');

  it("says what the device's own says", async () => {
    assert.equal(await textOf(), 'search lan\nnameserver 192.0.2.1\n');
    assert.equal(statSync(await dns.fileOf(pod)).mode & 0o777, 0o644);
  });

  it('names the servers behind the stub of systemd-resolved', async () => {
    device = { '/etc/resolv.conf': 'nameserver 127.0.0.53\noptions edns0\n', [upstream]: 'nameserver 192.0.2.2\n' };
    assert.equal(await textOf(), 'nameserver 192.0.2.2\n');
    assert.equal(await textOf(onHost), 'nameserver 192.0.2.2\n');
  });

  it('names no server on the loopback of the device, but to a pod on its network', async () => {
    device = { '/etc/resolv.conf': 'nameserver 127.0.0.1\nnameserver ::1\nnameserver 192.0.2.3\n' };
    assert.equal(await textOf(), 'nameserver 192.0.2.3\n');
    assert.equal(await textOf(onHost), 'nameserver 127.0.0.1\nnameserver ::1\nnameserver 192.0.2.3\n');
    // Not even when there is no other.
    device = { '/etc/resolv.conf': 'nameserver 127.0.0.53\nsearch lan\n' };
    assert.equal(await textOf(), 'search lan\n');
  });

  it('is empty when the device has none', async () => {
    device = {};
    assert.equal(await textOf(), '');
  });

  it('is rewritten in place when the uplink changes', async () => {
    const path = await dns.fileOf(pod);
    const { ino } = statSync(path);
    const running = dns.run(stop.signal);
    await until(() => changed !== undefined);
    device = { '/etc/resolv.conf': 'nameserver 198.51.100.1\n' };
    changed?.();
    await until(() => {
      clock.advance(1_000);
      return readFileSync(path, 'utf8') === 'nameserver 198.51.100.1\n';
    });
    assert.equal(statSync(path).ino, ino);
    // The pod that has not started has none.
    assert.throws(() => statSync(join(directory, 'u2')), /ENOENT/);
    stop.abort();
    await running;
  });

  it('is made up to date at the start', async () => {
    const path = await dns.fileOf(pod);
    writeFileSync(path, 'nameserver 192.0.2.200\nsearch much longer than what comes then\n');
    const running = dns.run(stop.signal);
    await until(() => readFileSync(path, 'utf8') === 'search lan\nnameserver 192.0.2.1\n');
    stop.abort();
    await running;
  });
});
