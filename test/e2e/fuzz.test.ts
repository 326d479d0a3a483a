/**
 * 100,000 random requests of a client that may do everything. eliotd must answer each of them, with no fault of its
 * own, and be the same process with the same memory afterwards, its store whole. A failure prints its seed: run it
 * again by ELIOT_FUZZ_SEED; ELIOT_FUZZ_REQUESTS asks for fewer.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, it } from 'node:test';
import { load } from 'js-yaml';
import { decodeManagers } from '../../src/api/managed-fields/managers.ts';
import type { KubeObject } from '../../src/api/meta.ts';
import type { KindDescription } from '../../src/api/schema/kind.ts';
import { kinds } from '../../src/api/scheme.ts';
import { TestDevice } from '../support/device.ts';
import { type FuzzRequest, FuzzRequests, futureRevision } from '../support/fuzz-requests.ts';
import { PipelinedClient, type RawAnswer } from '../support/pipelined-client.ts';

const seed = Number(process.env['ELIOT_FUZZ_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const count = Number(process.env['ELIOT_FUZZ_REQUESTS'] ?? 100_000);
/** Old space is bounded at 128 MB; the rest of the process comes on top. */
const maxRssMb = 230;

interface Credentials {
  readonly ca: Buffer;
  readonly cert: Buffer;
  readonly key: Buffer;
}

function credentialsOf(kubeconfig: string): Credentials {
  const { clusters, users } = load(readFileSync(kubeconfig, 'utf8')) as {
    readonly clusters: readonly { readonly cluster: Readonly<Record<string, string>> }[];
    readonly users: readonly { readonly user: Readonly<Record<string, string>> }[];
  };
  const decode = (text: string | undefined): Buffer => Buffer.from(text ?? '', 'base64');
  const user = users[0]?.user ?? {};
  return {
    ca: decode(clusters[0]?.cluster['certificate-authority-data']),
    cert: decode(user['client-certificate-data']),
    key: decode(user['client-key-data']),
  };
}

describe('eliotd under random requests', () => {
  let device: TestDevice;
  let clients: readonly PipelinedClient[] = [];

  before(async () => {
    device = await TestDevice.start({ image: false });
    const connect = (connections: number, depth: number): PipelinedClient =>
      new PipelinedClient({
        ...credentialsOf(device.kubeconfig),
        port: device.port,
        connections,
        depth,
        timeoutMs: 60_000,
      });
    clients = [connect(6, 10), connect(6, 1)];
  });
  after(async () => {
    for (const client of clients) client.close();
    await device?.close();
  });

  /** Watches last as long as they may, so nothing must wait behind them. */
  function send(request: FuzzRequest): Promise<RawAnswer> {
    const client = clients[request.isSlow ? 1 : 0];
    if (client === undefined) throw new Error('there is no client');
    return client.send(request);
  }

  function complaint({ method, path }: FuzzRequest, { code, headers, body }: RawAnswer): string | undefined {
    // Kubernetes' answer to a revision of the future; every other 5xx would be a fault of ours.
    if (code === 504 && path.includes(futureRevision)) return undefined;
    // Of a pull it is the registry's: there is none that the device reaches.
    if (code === 503 && path.includes('/imagepulls')) return undefined;
    if (code >= 500) return `answered by ${code}`;
    if ((code >= 200 && code < 300) || code === 304 || method === 'HEAD' || body.length === 0) return undefined;
    const contentType = headers['content-type'] ?? '';
    if (!contentType.startsWith('application/json')) return `${code} with content type ${contentType}`;
    const status = JSON.parse(body.toString()) as Readonly<Record<string, unknown>>;
    const isStatus = status['kind'] === 'Status' && status['code'] === code && status['status'] === 'Failure';
    return isStatus ? undefined : `${code} without a Status`;
  }

  it(`answers ${count} of them (ELIOT_FUZZ_SEED=${seed})`, { timeout: 900_000 }, async () => {
    const requests = new FuzzRequests(seed);
    const codes = new Map<number, number>();
    const pid = device.pid;
    let left = count;
    const worker = async (): Promise<void> => {
      while (left > 0) {
        left -= 1;
        const number = count - left;
        const next = requests.next();
        const shown = (): string =>
          `seed ${seed}, request ${number}: ${next.method} ${next.path}\n${JSON.stringify(next.headers)}\n` +
          `${next.body?.toString('latin1').slice(0, 3_000) ?? ''}`;
        let answer: RawAnswer;
        try {
          answer = await send(next);
        } catch (error) {
          left = 0;
          throw new Error(`${String(error)} for ${shown()}\n${device.log().slice(-2_000)}`, { cause: error });
        }
        requests.learn(answer.body);
        codes.set(answer.code, (codes.get(answer.code) ?? 0) + 1);
        const wrong = complaint(next, answer);
        if (wrong !== undefined) {
          left = 0;
          assert.fail(`${wrong}: ${answer.body.toString().slice(0, 500)}\nfor ${shown()}\n${faults(device.log())}`);
        }
      }
    };
    await Promise.all(Array.from({ length: 66 }, worker));

    assert.equal(device.pid, pid);
    const rssMb = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
    assert.ok(rssMb < maxRssMb, `eliotd has ${rssMb} MB`);
    assert.equal(faults(device.log()), '');
    const { stdout } = await device.kubectlOk(['get', '--raw', '/readyz']);
    assert.equal(stdout, 'ok');
    // Enough of them must have got past the first check, or this proves little.
    const accepted = (codes.get(200) ?? 0) + (codes.get(201) ?? 0);
    assert.ok(accepted > count / 20, `only ${accepted} were accepted: ${JSON.stringify([...codes])}`);
  });

  it('has a store then that is whole, and the same after a kill', { timeout: 300_000 }, async () => {
    const before = await everything();
    for (const [kind, objects] of before) {
      for (const object of objects) {
        const at = `${pathOf(kind, object.metadata.namespace)}/${encodeURIComponent(object.metadata.name ?? '')}`;
        // Status and events go on; what was asked for does not.
        assert.deepEqual(asked(kind, await get(at)), asked(kind, object), at);
        assert.ok(decodeManagers(object.metadata.managedFields ?? []), at);
      }
    }
    await device.restartDaemon('SIGKILL');
    const lasting = (objects: Everything): readonly unknown[] =>
      objects
        .filter(([kind]) => kind.storage === 'intent' || kind.storage === 'split')
        .filter(([kind]) => kind.resource !== 'nodes' && kind.resource !== 'leases')
        .flatMap(([kind, members]) => members.map((object) => asked(kind, object)));
    assert.deepEqual(lasting(await everything()), lasting(before));
    await device.stopDaemon('SIGTERM');
    const database = new DatabaseSync(join(device.dataDir, 'eliot.db'), { readOnly: true });
    try {
      assert.deepEqual(
        database
          .prepare('PRAGMA integrity_check')
          .all()
          .map((row) => ({ ...row })),
        [{ integrity_check: 'ok' }],
      );
    } finally {
      database.close();
    }
    await device.startDaemon();
  });

  async function get(path: string): Promise<KubeObject> {
    const answer = await send({ method: 'GET', path, headers: {}, body: undefined, isSlow: false });
    assert.equal(answer.code, 200, `${path}: ${answer.body.toString().slice(0, 300)}`);
    return JSON.parse(answer.body.toString()) as KubeObject;
  }

  async function everything(): Promise<Everything> {
    const lists: [KindDescription, readonly KubeObject[]][] = [];
    for (const kind of kinds.filter(({ verbs, storage }) => verbs.includes('list') && storage !== 'none')) {
      const { items } = (await get(pathOf(kind))) as unknown as { readonly items: readonly KubeObject[] };
      lists.push([kind, items]);
    }
    return lists;
  }
});

type Everything = readonly (readonly [KindDescription, readonly KubeObject[]])[];

function pathOf(kind: KindDescription, namespace?: string): string {
  const base = kind.group === '' ? `/api/${kind.version}` : `/apis/${kind.group}/${kind.version}`;
  return namespace === undefined ? `${base}/${kind.resource}` : `${base}/namespaces/${namespace}/${kind.resource}`;
}

/** What clients wrote, without what the device observes and what a list leaves out. */
function asked({ kind, group, version }: KindDescription, object: KubeObject): unknown {
  const { status: _, metadata, ...rest } = object;
  const { managedFields: __, resourceVersion: ___, ...others } = metadata;
  return { ...rest, apiVersion: group === '' ? version : `${group}/${version}`, kind, metadata: others };
}

/** What eliotd logged as its own faults. */
function faults(log: string): string {
  return log
    .split('\n')
    .filter((line) => line.includes('"request failed"'))
    .slice(0, 5)
    .join('\n');
}
