/**
 * A device for a file of small scenarios: each makes a few objects, runs a pod and looks at what it printed.
 * Spoken to by our own client, which costs a tenth of a kubectl; scenarios of one file run side by side on it.
 */
import { readFile } from 'node:fs/promises';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { Pod } from '../../src/api/kinds/pod/types.ts';
import type { KubeObject } from '../../src/api/meta.ts';
import type { GroupVersionResource, PatchType } from '../../src/api/object-client.ts';
import { configMaps, pods, secrets } from '../../src/api/resources.ts';
import { HttpObjectClient } from '../../src/client/http-object-client.ts';
import { loadKubeconfig } from '../../src/client/kubeconfig.ts';
import { runRemoteCommand } from '../../src/client/remote-command.ts';
import { RestClient } from '../../src/client/rest-client.ts';
import { Transport, type WebSocketTarget } from '../../src/client/transport.ts';
import { createSystemClock } from '../../src/lib/clock.ts';
import { type DeviceOptions, TestDevice, testImage } from './device.ts';
import { waitFor } from './wait.ts';

type Fields = Readonly<Record<string, unknown>>;

/** A pod of one container `main`, as far as a scenario cares about it. */
export interface PodIdea {
  /** What `sh` runs. Without it and without `container.command` the image's own command. */
  readonly line?: string;
  /** Volumes by name; the container mounts each at `/NAME`. */
  readonly volumes?: Readonly<Record<string, Fields>>;
  /** Further fields of the container; `volumeMounts` come after those of `volumes`. */
  readonly container?: Fields & { readonly volumeMounts?: readonly Fields[] };
  /** Further fields of the pod's spec. */
  readonly spec?: Fields;
  readonly metadata?: Fields & { readonly namespace?: string };
}

const longestWaitMs = 90_000;

export class ScenarioDevice {
  readonly device: TestDevice;
  readonly client: HttpObjectClient;
  readonly rest: RestClient;
  readonly #transport: Transport;
  #count = 0;

  private constructor(device: TestDevice, transport: Transport) {
    this.device = device;
    this.#transport = transport;
    this.rest = new RestClient({ transport });
    this.client = new HttpObjectClient({ rest: this.rest, fieldValidation: 'Strict' });
  }

  static async start(options: DeviceOptions = {}): Promise<ScenarioDevice> {
    const device = await TestDevice.start(options);
    try {
      const { transport } = await loadKubeconfig({ paths: [device.kubeconfig], readFile: (path) => readFile(path) });
      return new ScenarioDevice(device, new Transport(transport));
    } catch (error) {
      await device.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#transport.close();
    await this.device.close();
  }

  /** What the `ws` package needs to reach a path of the API. */
  webSocketTarget(path: string): WebSocketTarget {
    return this.#transport.webSocketTarget(path);
  }

  /** A name that no other scenario of the file has. */
  name(prefix: string): string {
    this.#count += 1;
    return `${prefix}-${this.#count}`;
  }

  /** A new ConfigMap; its name. */
  async configMap(data: Readonly<Record<string, string>>, more: Fields = {}): Promise<string> {
    return this.#named(configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: {}, data, ...more });
  }

  /** A new Secret of these texts; its name. */
  async secret(stringData: Readonly<Record<string, string>>, more: Fields = {}): Promise<string> {
    return this.#named(secrets, { apiVersion: 'v1', kind: 'Secret', metadata: {}, stringData, ...more });
  }

  /** Creates the pod and waits for nothing; its name. */
  async create(idea: PodIdea): Promise<string> {
    const { line, volumes = {}, container = {}, spec = {}, metadata = {} } = idea;
    const name = this.name('pod');
    const mounts = Object.keys(volumes).map((volume) => ({ name: volume, mountPath: `/${volume}` }));
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: 'default', ...metadata },
      spec: {
        restartPolicy: 'Never',
        terminationGracePeriodSeconds: 0,
        volumes: Object.entries(volumes).map(([volume, source]) => ({ name: volume, ...source })),
        containers: [
          {
            name: 'main',
            image: testImage,
            ...(line === undefined ? {} : { command: ['sh', '-c', line] }),
            ...container,
            volumeMounts: [...mounts, ...(container.volumeMounts ?? [])],
          },
        ],
        ...spec,
      },
    };
    await this.client.create(pods, pod);
    return name;
  }

  /** Runs a pod to its end, which must be a good one; what it printed. The pod is deleted then. */
  async output(idea: PodIdea): Promise<string> {
    const { printed, pod } = await this.run(idea);
    const { phase } = pod.status;
    if (phase !== 'Succeeded')
      throw new Error(`the pod is ${phase} and printed: ${printed}\n${JSON.stringify(pod.status)}`);
    return printed;
  }

  /** Runs a pod to its end, whatever it is. The pod is deleted then. */
  async run(idea: PodIdea): Promise<{ readonly printed: string; readonly pod: Pod }> {
    const { namespace = 'default' } = idea.metadata ?? {};
    const name = await this.create(idea);
    const pod = await this.until(
      name,
      'its end',
      ({ status }) => status.phase === 'Succeeded' || status.phase === 'Failed',
      namespace,
    );
    const printed = await this.logs(name, undefined, namespace);
    await this.delete(name, namespace);
    return { printed, pod };
  }

  /** A pod that fails before any container of it runs. The pod is deleted then. */
  async failed(idea: PodIdea): Promise<{ readonly pod: Pod }> {
    const name = await this.create(idea);
    const pod = await this.until(name, 'Failed', ({ status }) => status.phase === 'Failed');
    await this.delete(name);
    return { pod };
  }

  /** Creates the pod and waits until all of its containers run; its name. */
  async running(idea: PodIdea): Promise<string> {
    const name = await this.create(idea);
    await this.until(name, 'Running', isRunning, idea.metadata?.namespace);
    return name;
  }

  /** Watches the pod until it is as it should be. */
  async until(
    name: string,
    what: string,
    isSo: (pod: Pod) => boolean | undefined,
    namespace: string = 'default',
  ): Promise<Pod> {
    const signal = AbortSignal.timeout(longestWaitMs);
    const options = { namespace, fieldSelector: `metadata.name=${name}` };
    try {
      // A watch ends by itself when the server has had enough of it, and quietly when time is up.
      while (!signal.aborted) {
        for await (const event of this.client.watch<Pod>(pods, options, signal)) {
          if (event.type !== 'BOOKMARK' && isSo(event.object)) return event.object;
        }
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    const described = await this.device.kubectl(['describe', 'pod', name, '-n', namespace]);
    throw new Error(`pod ${name}: ${what}: not within ${longestWaitMs} ms\n${described.stdout}`);
  }

  async pod(name: string): Promise<Pod> {
    return this.client.get<Pod>(pods, { namespace: 'default', name });
  }

  async patch(
    resource: GroupVersionResource,
    name: string,
    patch: unknown,
    type: PatchType = 'strategic',
  ): Promise<KubeObject> {
    return this.client.patch(resource, { namespace: 'default', name }, type, patch);
  }

  /** Deletes the pod at once; its containers may live on for a moment. */
  async delete(name: string, namespace: string = 'default'): Promise<void> {
    await this.client.delete(pods, { namespace, name }, { gracePeriodSeconds: 0 });
  }

  async logs(name: string, container?: string, namespace: string = 'default'): Promise<string> {
    return this.rest.text({
      path: `/api/v1/namespaces/${namespace}/pods/${name}/log`,
      query: { container },
    });
  }

  /** What a shell line in the running pod prints, errors too. */
  async exec(name: string, line: string, container: string = 'main'): Promise<string> {
    const stdout = new PassThrough();
    const printed = text(stdout);
    const stderr = new PassThrough();
    const complaints = text(stderr);
    await runRemoteCommand(
      { transport: this.#transport, clock: createSystemClock() },
      { namespace: 'default', pod: name, container, tty: false, command: ['sh', '-c', line] },
      { stdout, stderr },
      AbortSignal.timeout(longestWaitMs),
    );
    stdout.end();
    stderr.end();
    return (await printed) + (await complaints);
  }

  /** Runs the line in the pod again and again until it prints this. */
  async prints(name: string, line: string, expected: string): Promise<void> {
    await waitFor(
      `"${expected}" from ${line}`,
      async () => {
        const printed = await this.exec(name, line);
        if (printed !== expected) throw new Error(`it prints ${JSON.stringify(printed)}`);
        return true;
      },
      { timeoutMs: longestWaitMs, intervalMs: 200 },
    );
  }

  async #named(resource: GroupVersionResource, object: KubeObject): Promise<string> {
    const name = this.name('object');
    await this.client.create(resource, { ...object, metadata: { namespace: 'default', name, ...object.metadata } });
    return name;
  }
}

/** Whether every container of the pod runs. */
export function isRunning({ status }: Pod): boolean {
  return status.phase === 'Running' && (status.containerStatuses ?? []).every(({ state }) => state?.running);
}
