/**
 * What containers say at their end: the file at `terminationMessagePath`, else (policy
 * FallbackToLogsOnError, and only after a failure) the tail of their log. Bounds are the kubelet's.
 */
import type { Pod } from '../../api/kinds/pod/types.ts';
import type { Files } from '../../host/files.ts';
import type { ObservedContainer, ObservedPod } from '../observed-pod.ts';
import { allContainers } from '../pod-names.ts';
import { runtimeAnnotations } from '../runtime-labels.ts';

const maxMessageBytes = 4_096;
const maxTailBytes = 2_048;
const maxTailLines = 80;
/** Of a log, which may be gigabytes: more than the last lines and their heads, each line being 16 KiB at most. */
const readTailBytes = 64 * 1024;

export interface TerminationMessagesDeps {
  readonly files: Pick<Files, 'readStart' | 'readEnd' | 'remove'>;
  /** Directory of the files that this agent gave to containers of a pod. */
  readonly directory: (uid: string) => string;
}

export class TerminationMessages {
  readonly #deps: TerminationMessagesDeps;
  /** By pod uid: an ended container is read once, as its text no longer changes. */
  readonly #read = new Map<string, Map<string, string>>();

  constructor(deps: TerminationMessagesDeps) {
    this.#deps = deps;
  }

  /** By container id; only those that left something. */
  async read(observed: ObservedPod, pod: Pod): Promise<ReadonlyMap<string, string>> {
    const known = this.#read.get(observed.uid) ?? new Map<string, string>();
    const messages = new Map<string, string>();
    for (const container of observed.containers) {
      if (container.state !== 'Exited') continue;
      messages.set(container.id, known.get(container.id) ?? (await this.#readOne(container, pod)));
    }
    if (messages.size > 0) this.#read.set(observed.uid, messages);
    return messages;
  }

  /** Removes the file of one container that was removed. */
  async removeOne(uid: string, container: ObservedContainer): Promise<void> {
    const path = this.#ownPath(uid, container);
    if (path !== undefined) await this.#deps.files.remove(path);
  }

  async remove(uid: string): Promise<void> {
    this.#read.delete(uid);
    await this.#deps.files.remove(this.#deps.directory(uid));
  }

  async #readOne(container: ObservedContainer, pod: Pod): Promise<string> {
    const path = this.#ownPath(pod.metadata.uid ?? '', container);
    if (path !== undefined) {
      const text = (await this.#deps.files.readStart(path, maxMessageBytes))?.toString() ?? '';
      if (text !== '') return text;
    }
    const spec = allContainers(pod).find(({ name }) => name === container.name);
    if (spec?.terminationMessagePolicy !== 'FallbackToLogsOnError' || container.exitCode === 0) return '';
    const log = (await this.#deps.files.readEnd(container.logPath, readTailBytes)) ?? Buffer.alloc(0);
    // One that is longer begins in the middle of a line.
    return tailOf(log.toString().slice(log.length < readTailBytes ? 0 : log.indexOf('\n') + 1));
  }

  /** Only a path this agent made up: an annotation must not make it read or remove anything else. */
  #ownPath(uid: string, container: ObservedContainer): string | undefined {
    const path = container.annotations[runtimeAnnotations.terminationLog];
    return path?.startsWith(`${this.#deps.directory(uid)}/`) ? path : undefined;
  }
}

/** The last lines of a CRI log without their heads. */
function tailOf(log: string): string {
  const lines = log.split('\n').filter(Boolean).slice(-maxTailLines);
  const text = lines
    .map((line) => {
      const [, , tag, ...rest] = line.split(' ');
      return `${rest.join(' ')}${tag === 'P' ? '' : '\n'}`;
    })
    .join('');
  return Buffer.from(text).subarray(-maxTailBytes).toString();
}
