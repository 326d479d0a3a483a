import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { Processes, ProcessInfo } from '../../../host/processes.ts';
import { silentLogger } from '../../../lib/logger.ts';
import { StatusError } from '../../../lib/status-error.ts';
import { layoutOf, type ManagedLayout } from './layout.ts';
import { LostSandboxes, type LostSandboxesDeps } from './lost-sandboxes.ts';

describe('sandboxes that containerd has lost', () => {
  const signal = new AbortController().signal;
  let directory = '';
  let layout: ManagedLayout;
  let killed: number[];
  let removed: string[];

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'eliot-lost-'));
    layout = layoutOf({ dataDir: join(directory, 'data'), runDir: join(directory, 'run') });
    killed = [];
    removed = [];
    const leases = join(layout.cniLeaseDirectory, layout.network);
    await mkdir(leases, { recursive: true });
    await writeFile(join(leases, '10.85.0.2'), 'kept\r\neth0');
    await writeFile(join(leases, '10.85.0.3'), 'lost\r\neth0');
    await writeFile(join(leases, 'last_reserved_ip.0'), '10.85.0.3');
  });
  afterEach(() => rm(directory, { recursive: true }));

  const shim = (pid: number, id: string, socket: string): ProcessInfo => ({
    pid,
    startTicks: '1',
    parentPid: 1,
    commandLine: ['/usr/bin/containerd-shim-runc-v2', '-namespace', 'k8s.io', '-id', id, '-address', socket],
  });

  function lost(grpc: LostSandboxesDeps['grpc']): LostSandboxes {
    const all = [
      shim(10, 'kept', layout.socketPath),
      shim(20, 'lost', layout.socketPath),
      { pid: 21, startTicks: '1', parentPid: 20, commandLine: ['/pause'] },
      shim(30, 'lost', '/run/somebody/else.sock'),
    ];
    const processes: Processes = {
      find: async () => undefined,
      list: async () => all,
      kill: async ({ pid }) => {
        killed.push(pid);
        return true;
      },
      waitUntilGone: async () => true,
    };
    const namespaces: LostSandboxesDeps['namespaces'] = {
      list: async () => ['cni-a', 'cni-b', 'other'],
      addresses: async (name) => (name === 'cni-b' ? ['10.85.0.3'] : ['10.85.0.2']),
      remove: async (name) => void removed.push(name),
    };
    return new LostSandboxes({ layout, grpc, processes, namespaces, log: silentLogger });
  }
  /** @param records ids that containerd itself knows */
  const answers = (
    items: readonly { readonly id: string }[],
    records: readonly string[] = [],
  ): LostSandboxesDeps['grpc'] =>
    ({
      unary: async (_method: unknown, { id }: { readonly id?: string }) => {
        if (id !== undefined && !records.includes(id)) throw new StatusError('NotFound', `container ${id}`);
        return { items };
      },
    }) as unknown as LostSandboxesDeps['grpc'];
  const leasesLeft = async (): Promise<string[]> =>
    (await readdir(join(layout.cniLeaseDirectory, layout.network))).filter((name) => name.startsWith('10.'));

  it('are ended with everything below them, and their address and namespace are given back', async () => {
    const sandboxes = lost(answers([{ id: 'kept' }]));
    await sandboxes.sweep(await sandboxes.record(), signal);
    assert.deepEqual(killed, [20, 21]);
    assert.deepEqual(removed, ['cni-b']);
    assert.deepEqual(await leasesLeft(), ['10.85.0.2']);
  });

  it('are none when CRI does not list them but containerd has a record: they run', async () => {
    const sandboxes = lost(answers([{ id: 'kept' }], ['lost']));
    await sandboxes.sweep(await sandboxes.record(), signal);
    assert.deepEqual(killed, []);
    assert.deepEqual(await leasesLeft(), ['10.85.0.2', '10.85.0.3']);
  });

  it('are left alone when containerd cannot say which ones it knows', async () => {
    const sandboxes = lost({ unary: () => Promise.reject(new Error('no answer')) } as LostSandboxesDeps['grpc']);
    await sandboxes.sweep(await sandboxes.record(), signal);
    assert.deepEqual(killed, []);
    assert.deepEqual(await leasesLeft(), ['10.85.0.2', '10.85.0.3']);
  });
});
