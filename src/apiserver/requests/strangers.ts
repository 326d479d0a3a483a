/** Strangers that are listened to at once. */
const maxStrangers = 32;
/** Of which one address may be so many: it must not keep the others out. */
const maxStrangersOfPeer = 4;

/** Counts those who are listened to before anybody knows who they are. */
export class Strangers {
  readonly #byPeer = new Map<string, number>();
  #total = 0;

  /** Counts somebody at this address in; undefined when too many are there. The result counts him out: call it once. */
  enter(peer: string): (() => void) | undefined {
    const ofPeer = this.#byPeer.get(peer) ?? 0;
    if (this.#total >= maxStrangers || ofPeer >= maxStrangersOfPeer) return undefined;
    this.#total += 1;
    this.#byPeer.set(peer, ofPeer + 1);
    return () => this.#leave(peer);
  }

  #leave(peer: string): void {
    this.#total -= 1;
    const left = (this.#byPeer.get(peer) ?? 1) - 1;
    if (left > 0) this.#byPeer.set(peer, left);
    else this.#byPeer.delete(peer);
  }
}
