import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { Event } from '../../api/kinds/event.ts';
import type { KubeObject } from '../../api/meta.ts';
import type { ObjectClient } from '../../api/object-client.ts';
import { events, namespaces } from '../../api/resources.ts';
import { systemUser } from '../../apiserver/identity.ts';
import { createLocalClient } from '../../apiserver/local-client.ts';
import { Registry } from '../../apiserver/registry.ts';
import { silentLogger } from '../../lib/logger.ts';
import { MemoryStore } from '../../store/memory-store.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { makePod } from '../../testing/pods.ts';
import { EventRecorder } from './event-recorder.ts';

const eventTtl = 3_600_000;
const sweepMs = 300_000;
const pulled = { type: 'Normal', reason: 'Pulled', message: 'Image is here' } as const;

describe('the recorder of events', () => {
  let clock: FakeClock;
  let client: ObjectClient;
  let recorder: EventRecorder;
  let stop: () => Promise<void>;

  beforeEach(async () => {
    clock = new FakeClock();
    const registry = new Registry({ store: new MemoryStore(), clock, nodeName: 'device' });
    client = createLocalClient(registry, systemUser('system:node:device'));
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default' } };
    await client.create<KubeObject>(namespaces, namespace);
    let names = 0;
    const newNameSuffix = (): string => String(names++);
    recorder = new EventRecorder({ client, clock, log: silentLogger, nodeName: 'device', eventTtl, newNameSuffix });
    const stopping = new AbortController();
    const running = recorder.run(stopping.signal);
    stop = () => {
      stopping.abort();
      return running;
    };
  });
  afterEach(() => stop());

  const written = async (): Promise<readonly Event[]> => (await client.list<Event>(events, {})).items;
  const idle = async (): Promise<void> => {
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  };
  const pass = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += sweepMs) {
      await idle();
      clock.advance(sweepMs);
    }
    await idle();
  };

  it('writes what happened, and counts what happens again', async () => {
    recorder.record(makePod(), { ...pulled, container: 'web' });
    await idle();
    recorder.record(makePod(), { ...pulled, container: 'web' });
    await idle();
    const [event, ...others] = await written();
    assert.deepEqual(others, []);
    assert.equal(event?.count, 2);
    assert.equal(event?.involvedObject?.fieldPath, 'spec.containers{web}');
  });

  it('keeps an event for its time since it happened last', async () => {
    recorder.record(makePod(), pulled);
    await pass(eventTtl - sweepMs);
    recorder.record(makePod(), pulled);
    await pass(eventTtl - sweepMs);
    assert.equal((await written()).length, 1);
    await pass(3 * sweepMs);
    assert.deepEqual(await written(), []);
  });

  it('keeps it also when the clock is set from 1970 to the present', async () => {
    clock.jumpTo(0);
    recorder.record(makePod(), pulled);
    await pass(sweepMs);
    clock.jumpTo(Date.UTC(2026, 0, 1));
    await pass(3 * sweepMs);
    assert.equal((await written()).length, 1);
  });

  it('names the object that an event is about, whatever its kind', async () => {
    const metadata = { name: 'web', namespace: 'default', uid: 'u' };
    const event = { type: 'Normal', reason: 'ScalingReplicaSet', message: 'x', component: 'c' } as const;
    recorder.recordFor({ apiVersion: 'apps/v1', kind: 'Deployment', metadata }, event);
    await idle();
    const [found] = await written();
    assert.deepEqual(found?.involvedObject, {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      namespace: 'default',
      name: 'web',
      uid: 'u',
    });
    assert.deepEqual(found?.source, { component: 'c' });
  });
});
