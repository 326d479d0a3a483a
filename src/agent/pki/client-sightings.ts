/**
 * Writes into the Client objects when they were last seen, and where: an observation, on tmpfs, at most once in each
 * minute. What is written is the time of a request, and not its minute, which may have begun before the client was there. A
 * client that is not seen costs nothing.
 */
import type { ObjectClient } from '../../api/object-client.ts';
import { clients } from '../../api/resources.ts';
import { type Clock, formatTime } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import { isStatusError } from '../../lib/status-error.ts';
import { WorkQueue } from '../../lib/work-queue.ts';

const minuteMs = 60_000;

export interface ClientSightingsDeps {
  readonly client: Pick<ObjectClient, 'patch'>;
  readonly clock: Clock;
  readonly log: Logger;
  /** Name of the Client object of a certificate; undefined when it was revoked. */
  readonly objectNameOf: (fingerprint: string) => string | undefined;
}

interface Sighting {
  atMs: number;
  address: string;
  /** What the object says, and since when by the clock that never jumps; undefined before the first write. */
  written?: { readonly minute: number; readonly address: string; readonly atMonotonicMs: number };
}

export class ClientSightings {
  readonly #deps: ClientSightingsDeps;
  readonly #queue: WorkQueue;
  /** By fingerprint; as many as there are issued clients. */
  readonly #sightings = new Map<string, Sighting>();

  constructor(deps: ClientSightingsDeps) {
    this.#deps = deps;
    const { clock, log } = deps;
    this.#queue = new WorkQueue({ clock, log, process: (fingerprint) => this.#write(fingerprint) });
  }

  /** Notes that a client asked for something. Quick: called at every request. */
  seen(fingerprint: string, address: string): void {
    const { clock } = this.#deps;
    const atMs = clock.now();
    const sighting = this.#sightings.get(fingerprint);
    if (sighting === undefined) this.#sightings.set(fingerprint, { atMs, address });
    else Object.assign(sighting, { atMs, address });
    const written = sighting?.written;
    if (written?.minute === minuteOf(atMs) && written.address === address) return;
    const waitedMs = written === undefined ? minuteMs : clock.monotonicMs() - written.atMonotonicMs;
    this.#queue.addAfter(fingerprint, minuteMs - waitedMs);
  }

  /** Writes until `signal` aborts. */
  run(signal: AbortSignal): Promise<void> {
    return this.#queue.run(signal);
  }

  async #write(fingerprint: string): Promise<undefined> {
    const { client, clock, objectNameOf } = this.#deps;
    const name = objectNameOf(fingerprint);
    const sighting = this.#sightings.get(fingerprint);
    if (name === undefined || sighting === undefined) {
      this.#sightings.delete(fingerprint);
      return;
    }
    const { atMs, address } = sighting;
    try {
      const status = { lastSeen: formatTime(atMs), address };
      await client.patch(clients, { name }, 'merge', { status }, { subresource: 'status' });
      sighting.written = { minute: minuteOf(atMs), address, atMonotonicMs: clock.monotonicMs() };
    } catch (error) {
      if (!isStatusError(error, 'NotFound')) throw error;
      this.#sightings.delete(fingerprint);
    }
  }
}

function minuteOf(ms: number): number {
  return Math.floor(ms / minuteMs);
}
