/** What is kept of a pod beside its volumes: the log files of its containers, on disk or in memory. */
import type { Files } from '../host/files.ts';
import type { PodRef } from './pod-names.ts';

export interface PodRemainsDeps {
  readonly files: Pick<Files, 'remove' | 'list'>;
  readonly dataDir: string;
  readonly runDir: string;
}

export class PodRemains {
  readonly #deps: PodRemainsDeps;

  constructor(deps: PodRemainsDeps) {
    this.#deps = deps;
  }

  /** Directory of a pod's log files, named as the kubelet names it. */
  logDirectory({ namespace, name, uid }: PodRef, storage: 'disk' | 'memory'): string {
    return `${this.logRoots[storage]}/${namespace}_${name}_${uid}`;
  }

  /** The directories with one directory of logs a pod. */
  get logRoots(): { readonly disk: string; readonly memory: string } {
    const { dataDir, runDir } = this.#deps;
    return { disk: `${dataDir}/logs/pods`, memory: `${runDir}/logs/pods` };
  }

  async removeLogs({ uid }: PodRef): Promise<void> {
    if (uid === '') return;
    for (const root of Object.values(this.logRoots)) {
      for (const entry of (await this.#deps.files.list(root)) ?? []) {
        if (entry.endsWith(`_${uid}`)) await this.#deps.files.remove(`${root}/${entry}`);
      }
    }
  }

  /** One container's log and what rotation made of it; a path that is not ours is left alone. */
  async removeLog(path: string): Promise<void> {
    const directory = path.slice(0, path.lastIndexOf('/'));
    const file = path.slice(directory.length + 1);
    const isOurs = Object.values(this.logRoots).some((root) => directory.startsWith(`${root}/`));
    if (!isOurs || file === '') return;
    for (const entry of (await this.#deps.files.list(directory)) ?? []) {
      if (entry === file || entry.startsWith(`${file}.`)) await this.#deps.files.remove(`${directory}/${entry}`);
    }
  }
}
