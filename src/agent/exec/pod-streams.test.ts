import assert from 'node:assert/strict';
import { PassThrough, Readable } from 'node:stream';
import { beforeEach, describe, it } from 'node:test';
import type { Pod } from '../../api/kinds/pod/types.ts';
import type { StreamEnds } from '../../apiserver/pod-streams.ts';
import type { ContainerConfig } from '../../runtime/runtime.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { FakeRuntime } from '../../testing/fake-runtime.ts';
import { Collector, containerConfig, inputOf, noSizes, sandboxConfig } from '../../testing/runtime-fixtures.ts';
import type { LogWriterState, ReadLogOptions } from '../logs/read-container-log.ts';
import type { ObservedPod } from '../observed-pod.ts';
import { AgentPodStreams } from './pod-streams.ts';

const signal = new AbortController().signal;
const ref = { namespace: 'default', pod: 'web', uid: 'u1', container: 'main' };
const logOptions = { follow: false, previous: false, timestamps: false };

function ends(overrides: Partial<StreamEnds> = {}): StreamEnds {
  return { stdin: undefined, stdout: undefined, stderr: undefined, tty: false, resize: noSizes(), ...overrides };
}

describe('AgentPodStreams', () => {
  let runtime: FakeRuntime;
  let observed: ObservedPod | undefined;
  let pod: Pod | undefined;
  let listeners: Set<(uid: string) => void>;
  let logs: { path: string; options: ReadLogOptions; writer: LogWriterState }[];
  let streams: AgentPodStreams;

  /** A pod with one running container, as the agent would see it. */
  async function run(config: Partial<ContainerConfig> = {}): Promise<void> {
    const sandbox = await runtime.runSandbox(sandboxConfig(), signal);
    const id = await runtime.createContainer(sandbox, containerConfig(config), sandboxConfig(), signal);
    await runtime.startContainer(id, signal);
    observed = {
      uid: 'u1',
      namespace: 'default',
      name: 'web',
      sandboxes: [await runtime.sandboxStatus(sandbox, signal)],
      containers: [{ ...(await runtime.containerStatus(id, signal)), endedAtMonotonicMs: 0 }],
      readAtMonotonicMs: 0,
    };
    const { stdin = false, tty = false } = config;
    pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'web', namespace: 'default', uid: 'u1' },
      spec: { containers: [{ name: 'main', image: 'busybox', stdin, tty }] },
    } as unknown as Pod;
  }

  beforeEach(() => {
    const clock = new FakeClock();
    runtime = new FakeRuntime({ clock });
    runtime.images.add('busybox');
    [observed, pod, listeners, logs] = [undefined, undefined, new Set(), []];
    streams = new AgentPodStreams({
      runtime,
      clock,
      pods: { get: ({ name }) => (pod?.metadata.name === name ? pod : undefined) },
      observed: {
        get: () => observed,
        onChange: (listener) => {
          listeners.add(listener);
          return () => listeners.delete(listener);
        },
      },
      readLog: (path, options, writer) => {
        logs.push({ path, options, writer });
        return Readable.from(['text']);
      },
    });
  });

  it('runs a command in the running container and passes its exit code on', async () => {
    await run();
    const stdout = new Collector();
    const stdin = inputOf('hello');
    assert.deepEqual(await streams.exec(ref, ['cat'], ends({ stdin, stdout }), signal), { exitCode: 0 });
    assert.equal(stdout.text, 'hello');
    assert.deepEqual(await streams.exec(ref, ['sh', '-c', 'exit 3'], ends(), signal), { exitCode: 3 });
  });

  it('refuses another pod of the same name, and a pod that is gone', async () => {
    await run();
    const other = { ...ref, uid: 'u2' };
    const notFound = { reason: 'NotFound', message: 'pods "web" not found' };
    await assert.rejects(streams.exec(other, ['true'], ends(), signal), notFound);
    await assert.rejects(streams.log(other, logOptions, signal), notFound);
    await assert.rejects(streams.portForward(other, 80, signal), notFound);
    pod = undefined;
    await assert.rejects(streams.attach(ref, ends(), signal), notFound);
  });

  it('joins the container it has, with the terminal it was made with', async () => {
    await run({ command: ['sh', '-c', 'cat; stty size'], stdin: true, stdinOnce: true, tty: true });
    const stdout = new Collector();
    const stdin = new PassThrough();
    const attached = streams.attach(ref, ends({ stdin, stdout, stderr: new Collector() }), signal);
    stdin.end('hello\n');
    assert.deepEqual(await attached, { exitCode: 0 });
    assert.match(stdout.text, /^hello\n24 80/);
  });

  it('refuses input for a container without stdin', async () => {
    await run();
    await assert.rejects(streams.attach(ref, ends({ stdin: inputOf('x') }), signal), { reason: 'BadRequest' });
  });

  it('connects to a port of the sandbox', async () => {
    await run({ command: ['nc', '-ll', '-p', '8080', '-e', 'cat'] });
    const connection = await streams.portForward(ref, 8080, signal);
    connection.end('ping');
    assert.equal(String(Buffer.concat(await connection.toArray())), 'ping');
  });

  it('says that a pod without a sandbox does not run', async () => {
    await run();
    observed = undefined;
    await assert.rejects(streams.portForward(ref, 80, signal), {
      reason: 'ServiceUnavailable',
      message: 'unable to forward port because pod is not running. Current status=Pending',
    });
  });

  it('reads the log that the runtime writes, from the time asked for', async () => {
    await run();
    await streams.log(ref, { ...logOptions, sinceSeconds: 60, tailLines: 5, timestamps: true }, signal);
    await streams.log(ref, { ...logOptions, sinceTime: '2025-01-01T00:00:00Z', limitBytes: 9 }, signal);
    assert.equal(logs[0]?.path, '/tmp/eliot-test-logs/web/main/0.log');
    assert.deepEqual(logs[0]?.options, {
      follow: false,
      timestamps: true,
      tailLines: 5,
      limitBytes: undefined,
      sinceMs: Date.UTC(2026, 0, 1) - 60_000,
    });
    assert.equal(logs[1]?.options.sinceMs, Date.UTC(2025, 0, 1));
    assert.equal(logs[1]?.options.limitBytes, 9);
  });

  it('tells the reader when this container ends, not when another pod changes', async () => {
    await run();
    await streams.log(ref, { ...logOptions, follow: true }, signal);
    const writer = logs[0]?.writer;
    let changes = 0;
    const unlisten = writer?.onChange(() => {
      changes += 1;
    });
    assert.equal(writer?.hasEnded(), false);
    for (const listener of listeners) listener('another pod');
    assert.equal(changes, 0);
    observed = undefined;
    for (const listener of listeners) listener('u1');
    assert.equal(changes, 1);
    assert.equal(writer?.hasEnded(), true);
    unlisten?.();
    assert.equal(listeners.size, 0);
  });
});
