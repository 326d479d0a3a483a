/** Pods for tests of the command line. */
import type { KubeObject } from '../api/meta.ts';
import type { ObjectClient } from '../api/object-client.ts';
import { pods } from '../api/resources.ts';

export interface TestPod {
  readonly name: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly containers?: readonly string[];
  /** Of every container. */
  readonly image?: string;
  readonly initContainers?: readonly string[];
  readonly annotations?: Readonly<Record<string, string>>;
}

/** A pod as it is sent to the server. */
export function testPod(options: TestPod): KubeObject {
  const { name, namespace = 'default', labels = {}, containers = ['main'], initContainers, annotations = {} } = options;
  const { image = 'busybox:1' } = options;
  const named = (names: readonly string[]) => names.map((container) => ({ name: container, image }));
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels, annotations },
    spec: { containers: named(containers), ...(initContainers ? { initContainers: named(initContainers) } : {}) },
  };
}

/** Creates a pod and says that it runs, or is in another phase. */
export async function startTestPod(client: ObjectClient, options: TestPod, phase = 'Running'): Promise<void> {
  const pod = await client.create(pods, testPod(options));
  const { namespace = '', name = '' } = pod.metadata;
  const status = { status: { phase, startTime: '2026-01-01T00:00:00Z' } };
  await client.patch(pods, { namespace, name }, 'merge', status, { subresource: 'status' });
}

/** Deletes every pod at once, so that tests do not see each other's. */
export async function removeTestPods(client: ObjectClient): Promise<void> {
  for (const { metadata } of (await client.list(pods)).items) {
    const { namespace = '', name = '' } = metadata;
    await client.delete(pods, { namespace, name }, { gracePeriodSeconds: 0 });
  }
}
