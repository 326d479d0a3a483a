import type { RuntimeEvent } from '../../runtime/runtime.ts';

interface Subscriber {
  readonly queue: RuntimeEvent[];
  wake: () => void;
}

/** Hands events to every subscriber; each one's first event is `lost`, as after a connection. */
export class EventFeed {
  readonly #subscribers = new Set<Subscriber>();

  publish(event: RuntimeEvent): void {
    for (const subscriber of this.#subscribers) {
      subscriber.queue.push(event);
      subscriber.wake();
    }
  }

  /** Subscribed from the moment of the call, not from the first read. Ends when `signal` aborts. */
  subscribe(signal: AbortSignal): AsyncIterable<RuntimeEvent> {
    const subscriber: Subscriber = { queue: [{ type: 'lost' }], wake: () => {} };
    this.#subscribers.add(subscriber);
    signal.addEventListener(
      'abort',
      () => {
        this.#subscribers.delete(subscriber);
        subscriber.wake();
      },
      { once: true },
    );
    return read(subscriber, signal);
  }
}

async function* read(subscriber: Subscriber, signal: AbortSignal): AsyncGenerator<RuntimeEvent> {
  while (!signal.aborted) {
    const event = subscriber.queue.shift();
    if (event) yield event;
    else await new Promise<void>((resolve) => (subscriber.wake = resolve));
  }
}
