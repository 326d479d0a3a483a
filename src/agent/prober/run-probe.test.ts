import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { StatusError } from '../../lib/status-error.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { makePod } from '../../testing/pods.ts';
import { settle } from '../../testing/settle.ts';
import type { HttpRequest } from '../http-action.ts';
import { type ProbeNetwork, type ProbeTarget, type RunProbeDeps, runProbe } from './run-probe.ts';

const { signal } = new AbortController();
const refuse = (): never => assert.fail('must not be asked');
const nobody: ProbeNetwork = {
  httpGet: refuse,
  tcpConnect: refuse,
  grpcHealth: refuse,
};
const hangs = (_to: unknown, ...rest: readonly unknown[]): Promise<never> => {
  const stop = rest.at(-1) as AbortSignal;
  return new Promise((_, reject) => stop.addEventListener('abort', () => reject(stop.reason), { once: true }));
};
const silent: ProbeNetwork = { httpGet: hangs, tcpConnect: hangs, grpcHealth: hangs };

async function run(
  probe: object,
  deps: Partial<RunProbeDeps>,
  more: object = {},
): Promise<{ readonly outcome: string | undefined; readonly events: readonly string[] }> {
  const events: string[] = [];
  const pod = makePod({ spec: { containers: [{ name: 'web', image: 'busybox', livenessProbe: probe, ...more }] } });
  const container = pod.spec.containers[0];
  assert.ok(container?.livenessProbe);
  const target: ProbeTarget = {
    pod,
    container,
    containerId: 'c1',
    kind: 'liveness',
    probe: container.livenessProbe,
    podIP: '10.85.0.2',
  };
  const clock = new FakeClock();
  const running = runProbe(
    {
      clock,
      execSync: refuse,
      network: nobody,
      record: (_pod, { reason, message }) => void events.push(`${reason} ${message}`),
      userAgent: 'kube-probe/1.35',
      ...deps,
    },
    target,
    signal,
  );
  await settle();
  clock.advance(1_000);
  return { outcome: await running, events };
}

const result = (exitCode: number, stdout = '', stderr = '') => ({
  exitCode,
  stdout: Buffer.from(stdout),
  stderr: Buffer.from(stderr),
});

describe('an exec probe', () => {
  const exec = { exec: { command: ['cat', '/tmp/$(FILE)'] }, timeoutSeconds: 2 };

  it('succeeds by exit code 0, with plain variables expanded in its command', async () => {
    const seen: unknown[] = [];
    const execSync: RunProbeDeps['execSync'] = async (_id, command, seconds) => {
      seen.push(command, seconds);
      return result(0);
    };
    const env = [{ name: 'FILE', value: 'health' }];
    assert.deepEqual(await run(exec, { execSync }, { env }), { outcome: 'Success', events: [] });
    assert.deepEqual(seen, [['cat', '/tmp/health'], 2]);
  });

  it('fails by another exit code, with both outputs in the event', async () => {
    assert.deepEqual(await run(exec, { execSync: async () => result(1, 'out ', 'err') }), {
      outcome: 'Failure',
      events: ['Unhealthy Liveness probe failed: out err'],
    });
  });

  it('fails when it takes too long', async () => {
    const execSync = async (): Promise<never> => {
      throw new StatusError('Timeout', 'timeout 2s exceeded');
    };
    assert.deepEqual(await run({ ...exec, exec: { command: ['sleep', '9'] } }, { execSync }), {
      outcome: 'Failure',
      events: ['Unhealthy Liveness probe failed: command timed out: "sleep 9" timed out after 2s'],
    });
  });

  it('decides nothing when the runtime cannot run it, after three tries', async () => {
    let tries = 0;
    const execSync = async (): Promise<never> => {
      tries++;
      throw new StatusError('ServiceUnavailable', 'no answer');
    };
    assert.deepEqual(await run(exec, { execSync }), {
      outcome: undefined,
      events: ['Unhealthy Liveness probe errored and resulted in unknown state: no answer'],
    });
    assert.equal(tries, 3);
  });
});

describe('an HTTP probe', () => {
  const answering = (status: number, seen: HttpRequest[] = []): ProbeNetwork => ({
    ...nobody,
    httpGet: async (request) => {
      seen.push(request);
      return { kind: 'Answer', status, body: 'secret' };
    },
  });

  it('asks the pod at the named port, with the headers it was given', async () => {
    const seen: HttpRequest[] = [];
    const httpGet = { port: 'web', path: '/healthz', scheme: 'HTTPS', httpHeaders: [{ name: 'X', value: 'y' }] };
    const container = { ports: [{ name: 'web', containerPort: 8443 }] };
    assert.equal((await run({ httpGet }, { network: answering(200, seen) }, container)).outcome, 'Success');
    assert.deepEqual(seen, [
      {
        url: 'https://10.85.0.2:8443/healthz',
        headers: [{ name: 'X', value: 'y' }],
        userAgent: 'kube-probe/1.35',
      },
    ]);
  });

  for (const [status, outcome, events] of [
    [200, 'Success', []],
    [302, 'Success', ['ProbeWarning Liveness probe warning: Probe terminated redirects, Response body: secret']],
    [404, 'Failure', ['Unhealthy Liveness probe failed: HTTP probe failed with statuscode: 404']],
    [500, 'Failure', ['Unhealthy Liveness probe failed: HTTP probe failed with statuscode: 500']],
  ] as const) {
    it(`counts ${status} as ${outcome}`, async () => {
      assert.deepEqual(await run({ httpGet: { port: 80 } }, { network: answering(status) }), { outcome, events });
    });
  }

  it('fails when nobody answers, or not in time', async () => {
    const httpGet = { port: 80, path: '/x' };
    const failed = { kind: 'Failed', message: 'Get "http://…": EOF' } as const;
    assert.deepEqual((await run({ httpGet }, { network: { ...nobody, httpGet: async () => failed } })).events, [
      'Unhealthy Liveness probe failed: Get "http://…": EOF',
    ]);
    assert.deepEqual((await run({ httpGet }, { network: silent })).events, [
      'Unhealthy Liveness probe failed: Get "http://10.85.0.2:80/x": context deadline exceeded (Client.Timeout exceeded while awaiting headers)',
    ]);
  });

  it('decides nothing when no port of the container has the name', async () => {
    assert.deepEqual(await run({ httpGet: { port: 'http' } }, {}), {
      outcome: undefined,
      events: [
        'Unhealthy Liveness probe errored and resulted in unknown state: strconv.Atoi: parsing "http": invalid syntax',
      ],
    });
  });
});

describe('a TCP probe', () => {
  it('succeeds when somebody listens', async () => {
    const network = { ...nobody, tcpConnect: async () => undefined };
    assert.equal((await run({ tcpSocket: { port: 80, host: '192.0.2.1' } }, { network })).outcome, 'Success');
  });

  it('fails in Go’s words', async () => {
    const network = { ...nobody, tcpConnect: async () => 'dial tcp 10.85.0.2:80: connect: connection refused' };
    assert.deepEqual((await run({ tcpSocket: { port: 80 } }, { network })).events, [
      'Unhealthy Liveness probe failed: dial tcp 10.85.0.2:80: connect: connection refused',
    ]);
    assert.deepEqual((await run({ tcpSocket: { port: 80 } }, { network: silent })).events, [
      'Unhealthy Liveness probe failed: dial tcp 10.85.0.2:80: i/o timeout',
    ]);
  });
});

describe('a gRPC probe', () => {
  for (const { answer, message } of [
    { answer: { kind: 'Answer', status: 'SERVING' }, message: undefined },
    {
      answer: { kind: 'Answer', status: 'NOT_SERVING' },
      message: 'service unhealthy (responded with "NOT_SERVING")',
    },
    {
      answer: { kind: 'NotConnected', message: 'refused' },
      message: 'timeout: failed to connect service "10.85.0.2:5000" within 1s: refused',
    },
    {
      answer: { kind: 'Unimplemented', message: 'unknown service' },
      message:
        'error: this server does not implement the grpc health protocol (grpc.health.v1.Health): unknown service',
    },
    { answer: { kind: 'Failed', message: 'rpc error' }, message: 'error: health rpc probe failed: rpc error' },
  ] as const) {
    it(`${message === undefined ? 'succeeds' : 'fails'} by ${JSON.stringify(answer)}`, async () => {
      const network = { ...nobody, grpcHealth: async () => answer };
      assert.deepEqual(await run({ grpc: { port: 5000, service: 'x' } }, { network }), {
        outcome: message === undefined ? 'Success' : 'Failure',
        events: message === undefined ? [] : [`Unhealthy Liveness probe failed: ${message}`],
      });
    });
  }

  it('fails when the answer does not come in time', async () => {
    assert.deepEqual((await run({ grpc: { port: 5000 } }, { network: silent })).events, [
      'Unhealthy Liveness probe failed: timeout: health rpc did not complete within 1s',
    ]);
  });
});
