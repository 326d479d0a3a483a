/** Labels and annotations by which sandboxes and containers are found again after a restart. */
export const runtimeLabels = {
  podName: 'io.kubernetes.pod.name',
  podNamespace: 'io.kubernetes.pod.namespace',
  podUid: 'io.kubernetes.pod.uid',
  containerName: 'io.kubernetes.container.name',
  /** Only sandboxes with this instance's id are ever touched (design D3). */
  instance: 'run.eliot.instance',
} as const;

export const runtimeAnnotations = {
  /** Hash of the container's spec it was made from: image names are resolved by the runtime and never compare equal. */
  containerHash: 'run.eliot.container-hash',
  restartCount: 'run.eliot.restart-count',
  /** How many restarts of the present crash loop came before it; 0 when the next one is at once. */
  backOffCount: 'run.eliot.back-off-count',
  /** Host path of the file that is the container's termination log. */
  terminationLog: 'run.eliot.termination-log',
  /** JSON: by resource, the paths of the devices that the container was given. */
  devices: 'run.eliot.devices',
  /** The word that asked for its start, when starts are asked for. */
  startWord: 'run.eliot.start-word',
} as const;

/** The count in an annotation; 0 when it is missing or no number. */
export function countAnnotation(annotations: Readonly<Record<string, string>>, name: string): number {
  const count = Number(annotations[name]);
  return Number.isSafeInteger(count) && count >= 0 ? count : 0;
}
