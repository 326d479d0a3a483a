import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { StatusError } from '../../../lib/status-error.ts';
import { FakeClock } from '../../../testing/fake-clock.ts';
import type { GrpcClient } from '../grpc/client.ts';
import { leaseService } from '../methods.ts';
import { openBundleLease } from './bundle-lease.ts';

const signal = new AbortController().signal;
const dayMs = 24 * 60 * 60 * 1_000;

interface Lease {
  readonly labels: Readonly<Record<string, string>>;
  readonly resources: { readonly id: string; readonly type: string }[];
}

/** The leases of a containerd in memory. */
function containerd() {
  const leases = new Map<string, Lease>();
  const leaseOf = (id: string): Lease => {
    const lease = leases.get(id);
    if (lease === undefined) throw new StatusError('NotFound', `lease ${id} is not there`);
    return lease;
  };
  // biome-ignore lint/suspicious/noExplicitAny: requests of six methods
  const unary = async (method: unknown, request: any): Promise<unknown> => {
    switch (method) {
      case leaseService.create:
        if (leases.has(request.id)) throw new StatusError('AlreadyExists', 'it is there');
        return void leases.set(request.id, { labels: request.labels, resources: [] });
      case leaseService.list:
        return { leases: [...leases].map(([id, { labels }]) => ({ id, labels })) };
      case leaseService.addResource:
        return void leaseOf(request.id).resources.push(request.resource);
      case leaseService.listResources:
        return { resources: leaseOf(request.id).resources };
      case leaseService.delete:
        return void leases.delete(request.id);
    }
    throw new Error('another method');
  };
  return { leases, grpc: { unary } as unknown as GrpcClient };
}

describe('the lease of a bundle', () => {
  it('is a fresh one for each try, and holds what the tries before it brought', async () => {
    const { leases, grpc } = containerd();
    const clock = new FakeClock();
    const digest = `sha256:${'a'.repeat(64)}`;
    const first = await openBundleLease({ grpc, clock }, digest, signal);
    const other = await openBundleLease({ grpc, clock }, `sha256:${'b'.repeat(64)}`, signal);
    leases.get(first)?.resources.push({ id: 'layer', type: 'content' });
    clock.advance(dayMs - 60_000);
    const second = await openBundleLease({ grpc, clock }, digest, signal);
    assert.deepEqual([...leases.keys()], [other, second]);
    const expires = Date.parse(leases.get(second)?.labels['containerd.io/gc.expire'] ?? '');
    assert.equal(expires, clock.now() + dayMs);
    assert.deepEqual(leases.get(second)?.resources, [{ id: 'layer', type: 'content' }]);
  });
});
