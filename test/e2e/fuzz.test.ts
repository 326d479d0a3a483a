/**
 * 20,000 random requests of a client that may do everything. eliotd must answer each of them, with no fault of its
 * own, and be the same process with the same memory afterwards. A failure prints its seed: run it again by
 * ELIOT_FUZZ_SEED.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { after, before, describe, it } from 'node:test';
import { load } from 'js-yaml';
import { TestDevice } from '../support/device.ts';
import { type FuzzRequest, FuzzRequests, futureRevision } from '../support/fuzz-requests.ts';

const seed = Number(process.env['ELIOT_FUZZ_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const count = Number(process.env['ELIOT_FUZZ_REQUESTS'] ?? 20_000);
const clients = 8;
/** Old space is bounded at 128 MB; the rest of the process comes on top. */
const maxRssMb = 230;

interface Answer {
  readonly code: number;
  readonly contentType: string;
  readonly text: string;
}

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
  let agent: Agent;

  before(async () => {
    device = await TestDevice.start({ image: false });
    agent = new Agent({ ...credentialsOf(device.kubeconfig), keepAlive: true, maxSockets: clients });
  });
  after(async () => {
    agent?.destroy();
    await device?.close();
  });

  function send({ method, path, headers, body }: FuzzRequest): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const outgoing = request({ agent, host: '127.0.0.1', port: device.port, method, path, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const contentType = response.headers['content-type'] ?? '';
        const isPacked = response.headers['content-encoding'] !== undefined;
        const text = isPacked ? '' : Buffer.concat(chunks).toString();
        resolve({ code: response.statusCode ?? 0, contentType, text });
      });
    });
    outgoing.setTimeout(20_000, () => outgoing.destroy(new Error('no answer within 20 s')));
    outgoing.on('error', reject);
    outgoing.end(body);
    return promise;
  }

  function complaint({ method, path }: FuzzRequest, { code, contentType, text }: Answer): string | undefined {
    // Kubernetes' answer to a revision of the future; every other 5xx would be a fault of ours.
    if (code === 504 && path.includes(futureRevision)) return undefined;
    if (code >= 500) return `answered by ${code}`;
    if ((code >= 200 && code < 300) || code === 304 || method === 'HEAD' || text === '') return undefined;
    if (!contentType.startsWith('application/json')) return `${code} with content type ${contentType}`;
    const status = JSON.parse(text) as Readonly<Record<string, unknown>>;
    const isStatus = status['kind'] === 'Status' && status['code'] === code && status['status'] === 'Failure';
    return isStatus ? undefined : `${code} without a Status`;
  }

  it(`answers ${count} of them (ELIOT_FUZZ_SEED=${seed})`, { timeout: 300_000 }, async () => {
    const requests = new FuzzRequests(seed);
    const codes = new Map<number, number>();
    const pid = device.pid;
    let left = count;
    const client = async (): Promise<void> => {
      while (left > 0) {
        left -= 1;
        const number = count - left;
        const next = requests.next();
        const shown = (): string =>
          `seed ${seed}, request ${number}: ${next.method} ${next.path}\n${JSON.stringify(next.headers)}\n` +
          `${next.body?.toString('latin1').slice(0, 3_000) ?? ''}`;
        let answer: Answer;
        try {
          answer = await send(next);
        } catch (error) {
          left = 0;
          throw new Error(`${String(error)} for ${shown()}\n${device.log().slice(-2_000)}`, { cause: error });
        }
        codes.set(answer.code, (codes.get(answer.code) ?? 0) + 1);
        const wrong = complaint(next, answer);
        if (wrong !== undefined) {
          left = 0;
          assert.fail(`${wrong}: ${answer.text.slice(0, 500)}\nfor ${shown()}\n${faults(device.log())}`);
        }
      }
    };
    await Promise.all(Array.from({ length: clients }, client));

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
});

/** What eliotd logged as its own faults. */
function faults(log: string): string {
  return log
    .split('\n')
    .filter((line) => line.includes('"request failed"'))
    .slice(0, 5)
    .join('\n');
}
