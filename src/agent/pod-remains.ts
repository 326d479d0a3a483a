/** What is kept of a pod on disk beside its volumes: the log files of its containers. */
import type { Files } from '../host/files.ts';
import type { PodRef } from './pod-names.ts';

export interface PodRemainsDeps {
  readonly files: Pick<Files, 'remove' | 'list'>;
  readonly dataDir: string;
}

export class PodRemains {
  readonly #deps: PodRemainsDeps;

  constructor(deps: PodRemainsDeps) {
    this.#deps = deps;
  }

  /** Directory of a pod's log files, named as the kubelet names it. */
  logDirectory({ namespace, name, uid }: PodRef): string {
    return `${this.#root()}/${namespace}_${name}_${uid}`;
  }

  async removeLogs({ uid }: PodRef): Promise<void> {
    for (const entry of (await this.#deps.files.list(this.#root())) ?? []) {
      if (uid !== '' && entry.endsWith(`_${uid}`)) await this.#deps.files.remove(`${this.#root()}/${entry}`);
    }
  }

  /** One container's log and what rotation made of it; a path that is not ours is left alone. */
  async removeLog(path: string): Promise<void> {
    const directory = path.slice(0, path.lastIndexOf('/'));
    const file = path.slice(directory.length + 1);
    if (!directory.startsWith(`${this.#root()}/`) || file === '') return;
    for (const entry of (await this.#deps.files.list(directory)) ?? []) {
      if (entry === file || entry.startsWith(`${file}.`)) await this.#deps.files.remove(`${directory}/${entry}`);
    }
  }

  #root(): string {
    return `${this.#deps.dataDir}/logs/pods`;
  }
}
