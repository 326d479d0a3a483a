import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { silentLogger } from '../../lib/logger.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { sandboxConfig } from '../../testing/runtime-fixtures.ts';
import type { GrpcClient } from './grpc/client.ts';
import { ContainerdRuntime } from './runtime.ts';

const { signal } = new AbortController();

describe('sandboxes of containerd', () => {
  it('find the network of the machine prepared each, as others may undo it between two of them', async () => {
    const steps: string[] = [];
    const grpc = {
      unary: async ({ path }: { path: string }) => {
        steps.push(path.split('/').at(-1) ?? '');
        return { podSandboxId: 's' };
      },
    } as unknown as GrpcClient;
    const runtime = new ContainerdRuntime({
      grpc,
      clock: new FakeClock(),
      log: silentLogger,
      fifoDirectory: '/none',
      execPrefix: 'eliot-',
      holdProgram: undefined,
      sandboxImage: 'pause',
      onUnpacked: () => {},
      prepareNetwork: async () => {
        await Promise.resolve();
        steps.push('prepared');
      },
    });
    await runtime.runSandbox(sandboxConfig(), signal);
    await runtime.runSandbox(sandboxConfig(), signal);
    assert.deepEqual(steps, ['prepared', 'RunPodSandbox', 'prepared', 'RunPodSandbox']);
  });
});
