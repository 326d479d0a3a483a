/**
 * Owners that were seen to end, of kinds that a boot ends too.
 *
 * An object that is only an observation (a Lease, an Image; docs/adr/0002) is gone after a power cut, or there anew with
 * another uid, though nobody deleted it. That it is not there therefore says nothing: what belongs to it goes only when
 * its end was seen. Who dies between that end and what follows from it leaves something behind; that is the smaller harm.
 */

/** Ends that are remembered, as many as Kubernetes' garbage collector remembers absent owners. */
const maxRemembered = 500;

export class EndedOwners {
  /** In the order in which they ended. */
  readonly #uids = new Set<string>();

  add(uid: string): void {
    this.#uids.add(uid);
    if (this.#uids.size <= maxRemembered) return;
    for (const oldest of this.#uids) {
      this.#uids.delete(oldest);
      return;
    }
  }

  has(uid: string): boolean {
    return this.#uids.has(uid);
  }
}
