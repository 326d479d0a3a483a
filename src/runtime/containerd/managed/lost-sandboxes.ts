/**
 * What is left of sandboxes that containerd was making when it was killed: it has no record of them, so nobody would
 * ever stop their processes, give their address back or remove their network namespace.
 *
 * `record` is to be called while containerd is down (nothing can be in the making then), `sweep` when the new one
 * answers: what was there before and is unknown to it is lost.
 */
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { NetworkNamespaces } from '../../../host/netns.ts';
import type { Processes, ProcessInfo } from '../../../host/processes.ts';
import type { Logger } from '../../../lib/logger.ts';
import { isStatusError } from '../../../lib/status-error.ts';
import type { GrpcClient } from '../grpc/client.ts';
import { containerService, criRuntime } from '../methods.ts';
import type { ManagedLayout } from './layout.ts';

export interface LostSandboxesDeps {
  readonly layout: ManagedLayout;
  readonly grpc: Pick<GrpcClient, 'unary'>;
  readonly processes: Processes;
  readonly namespaces: Pick<NetworkNamespaces, 'list' | 'addresses' | 'remove'>;
  readonly log: Logger;
}

interface Shim {
  readonly sandboxId: string;
  readonly process: ProcessInfo;
}

interface Lease {
  readonly sandboxId: string;
  readonly address: string;
  readonly path: string;
}

export interface RecordedSandboxes {
  readonly shims: readonly Shim[];
  readonly leases: readonly Lease[];
}

const listTimeoutMs = 10_000;
const goneWithinMs = 5_000;

export class LostSandboxes {
  readonly #deps: LostSandboxesDeps;

  constructor(deps: LostSandboxesDeps) {
    this.#deps = deps;
  }

  /** The sandboxes of this instance that have a shim or an address now. */
  async record(): Promise<RecordedSandboxes> {
    return { shims: await this.#shims(), leases: await this.#leases() };
  }

  /** Ends and removes what was recorded and is unknown to containerd. A failure is logged: the next start tries again. */
  async sweep({ shims, leases }: RecordedSandboxes, signal: AbortSignal): Promise<void> {
    const { grpc, log } = this.#deps;
    if (shims.length === 0 && leases.length === 0) return;
    try {
      const { items } = await grpc.unary(criRuntime.listPodSandbox, {}, { signal, timeoutMs: listTimeoutMs });
      const known = new Set(items.map(({ id }) => id));
      const lost = new Set<string>();
      for (const { sandboxId } of [...shims, ...leases]) {
        if (!known.has(sandboxId) && !(await this.#hasRecord(sandboxId, signal))) lost.add(sandboxId);
      }
      for (const shim of shims.filter(({ sandboxId }) => lost.has(sandboxId))) await this.#endShim(shim, signal);
      for (const lease of leases.filter(({ sandboxId }) => lost.has(sandboxId))) await this.#giveBack(lease, signal);
    } catch (error) {
      signal.throwIfAborted();
      log.warn('lost sandboxes not removed', { error });
    }
  }

  /** CRI leaves out a sandbox that it could not recover in time, though it runs: containerd's own record decides. */
  async #hasRecord(id: string, signal: AbortSignal): Promise<boolean> {
    try {
      await this.#deps.grpc.unary(containerService.get, { id }, { signal, timeoutMs: listTimeoutMs });
      return true;
    } catch (error) {
      if (isStatusError(error, 'NotFound')) return false;
      throw error;
    }
  }

  async #shims(): Promise<readonly Shim[]> {
    const { layout, processes } = this.#deps;
    return (await processes.list()).flatMap((process) => {
      const { commandLine } = process;
      const isOurs = commandLine[0]?.includes('containerd-shim') === true && commandLine.includes(layout.socketPath);
      const sandboxId = commandLine[commandLine.indexOf('-id') + 1];
      return isOurs && sandboxId !== undefined ? [{ sandboxId, process }] : [];
    });
  }

  /** host-local keeps one file an address; its first line is the sandbox that has it. */
  async #leases(): Promise<readonly Lease[]> {
    const { layout } = this.#deps;
    const directory = join(layout.cniLeaseDirectory, layout.network);
    const names = await readdir(directory).catch(() => []);
    const addresses = names.filter((name) => /^\d+\.\d+\.\d+\.\d+$/.test(name));
    return Promise.all(
      addresses.map(async (address) => {
        const path = join(directory, address);
        const text = await readFile(path, 'utf8').catch(() => '');
        return { sandboxId: text.split(/\r?\n/)[0] ?? '', address, path };
      }),
    );
  }

  async #endShim({ sandboxId, process }: Shim, signal: AbortSignal): Promise<void> {
    const { processes, log } = this.#deps;
    const all = await processes.list();
    const doomed = [process];
    for (let index = 0; index < doomed.length; index += 1) {
      doomed.push(...all.filter(({ parentPid }) => parentPid === doomed[index]?.pid));
    }
    for (const each of doomed) await processes.kill(each, 'SIGKILL');
    for (const each of doomed) await processes.waitUntilGone(each, goneWithinMs, signal);
    log.info('ended a sandbox that containerd had lost', { sandbox: sandboxId });
  }

  async #giveBack({ sandboxId, address, path }: Lease, signal: AbortSignal): Promise<void> {
    const { namespaces, log } = this.#deps;
    for (const name of await namespaces.list()) {
      if (!name.startsWith('cni-')) continue;
      if ((await namespaces.addresses(name, signal)).includes(address)) await namespaces.remove(name, signal);
    }
    await rm(path, { force: true });
    log.info('gave back the address of a sandbox that containerd had lost', { sandbox: sandboxId, address });
  }
}
