/** Which sandbox a container is in: CRI's container status does not say it, its list does. */
import { StatusError } from '../../lib/status-error.ts';
import type { ContainerId, SandboxId } from '../runtime.ts';

/** Far above the pods of one device; then memory is worth more than one look. */
const maxEntries = 4_096;

/** A container never changes its sandbox, so what was seen once is remembered. */
export class SandboxOf {
  readonly #look: (container: ContainerId, signal: AbortSignal) => Promise<SandboxId | undefined>;
  readonly #known = new Map<ContainerId, SandboxId>();

  /** @param look asks the runtime; undefined when there is no such container */
  constructor(look: (container: ContainerId, signal: AbortSignal) => Promise<SandboxId | undefined>) {
    this.#look = look;
  }

  remember(container: ContainerId, sandbox: SandboxId): void {
    if (this.#known.size >= maxEntries) this.#known.clear();
    this.#known.set(container, sandbox);
  }

  forget(container: ContainerId): void {
    this.#known.delete(container);
  }

  /** @throws StatusError `NotFound` when there is no such container */
  async find(container: ContainerId, signal: AbortSignal): Promise<SandboxId> {
    const known = this.#known.get(container);
    if (known !== undefined) return known;
    const sandbox = await this.#look(container, signal);
    if (sandbox === undefined) throw new StatusError('NotFound', `there is no container ${container}`);
    this.remember(container, sandbox);
    return sandbox;
  }
}
