/** A sync session with a test device, as `eli up` has one, and a pod to bring files to. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SyncChange } from '../../src/cli/sync/change-feed.ts';
import { type SyncSession, type SyncState, startSync } from '../../src/cli/sync/sync-session.ts';
import { loadKubeconfig } from '../../src/client/kubeconfig.ts';
import { Transport } from '../../src/client/transport.ts';
import { createSystemClock } from '../../src/lib/clock.ts';
import { shellPod, type TestDevice } from './device.ts';
import { waitFor } from './wait.ts';

/** A pod that sleeps, with a volume `code` at /code, an emptyDir unless `volume` says otherwise. */
export function codePod(name: string, change: Record<string, unknown> = {}, volume: object = { emptyDir: {} }): object {
  const volumes = [{ name: 'code', ...volume }];
  const pod = shellPod(name, 'sleep 100000', { volumes, ...change }) as {
    spec: { containers: { volumeMounts?: object[] }[] };
  };
  for (const container of pod.spec.containers) container.volumeMounts = [{ name: 'code', mountPath: '/code' }];
  return pod;
}

/** A project directory of its own, and the session that brings it to the pod. */
export class TestSync {
  readonly directory = mkdtempSync(join(tmpdir(), 'eliot-sync-project-'));
  readonly states: SyncState[] = [];
  readonly changes: SyncChange[] = [];
  /** What the session ended with. */
  failure: unknown;
  #session: SyncSession | undefined;
  #transport: Transport | undefined;

  get session(): SyncSession {
    if (this.#session === undefined) throw new Error('not started');
    return this.#session;
  }

  /** Begins, over TLS, by whoever the kubeconfig names. */
  async start(
    device: TestDevice,
    pod: string,
    { kubeconfig = device.kubeconfig, twoWay = false, ignore = [] as string[], volume = 'code' } = {},
  ): Promise<void> {
    this.#transport?.close();
    const target = await loadKubeconfig({ paths: [kubeconfig], readFile });
    this.#transport = new Transport(target.transport);
    this.#session = startSync(
      {
        transport: this.#transport,
        clock: createSystemClock(),
        namespace: 'default',
        pod,
        volume,
        directory: this.directory,
        ignore,
        twoWay,
        onState: (state) => this.states.push(state),
      },
      new AbortController().signal,
    );
    void this.#collect(this.#session);
  }

  async #collect(session: SyncSession): Promise<void> {
    try {
      for await (const change of session.changes) this.changes.push(change);
    } catch (error) {
      this.failure = error;
    }
  }

  path(name: string): string {
    return join(this.directory, name);
  }

  async close(): Promise<void> {
    await this.#session?.close();
    this.#transport?.close();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** Host directory of a pod's volume `code`. */
export async function codeDirectory(device: TestDevice, pod: string): Promise<string> {
  const { stdout } = await device.kubectlOk(['get', 'pod', pod, '-o', 'jsonpath={.metadata.uid}']);
  const directory = join(device.dataDir, 'pods', stdout, 'volumes/kubernetes.io~empty-dir/code');
  await waitFor('the volume', () => existsSync(directory), { intervalMs: 10 });
  return directory;
}
