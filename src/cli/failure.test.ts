import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { createServer as createTlsServer, type Server } from 'node:tls';
import { issueCertificates } from '../agent/pki/issue-certificates.ts';
import { kinds } from '../api/scheme.ts';
import { ServerStatusError } from '../client/response-status.ts';
import { Transport } from '../client/transport.ts';
import { httpStatusByReason, type Reason, type StatusDetails, StatusError } from '../lib/status-error.ts';
import { ClosedPort } from '../testing/closed-port.ts';
import { eli } from '../testing/eli-runner.ts';
import { LocalDevice } from '../testing/local-device.ts';
import { describeFailure, FailureInContext } from './failure.ts';
import { clusterScoped } from './failure-hints.ts';
import { UsageError } from './usage-error.ts';

const around = { device: 'https://kitchen:6443', namespace: 'default' };

const refused = (reason: Reason, message: string, details?: StatusDetails): ServerStatusError =>
  new ServerStatusError(reason, message, reason, details);

describe('what a device refuses', () => {
  const pod = { kind: 'pods', name: 'web' };
  const cases: readonly { readonly error: ServerStatusError; readonly text: string }[] = [
    {
      error: refused('NotFound', 'pods "web" not found', pod),
      text: `Error from server (NotFound): pods "web" not found
  on https://kitchen:6443: "eli get pods -n default" shows what is there, -A looks in every namespace`,
    },
    {
      error: refused('NotFound', 'images.eliot.run "x" not found', { kind: 'images', group: 'eliot.run', name: 'x' }),
      text: `Error from server (NotFound): images.eliot.run "x" not found
  on https://kitchen:6443: "eli get images" shows what is there`,
    },
    {
      error: refused('NotFound', 'the server could not find the requested resource'),
      text: `Error from server (NotFound): the server could not find the requested resource
  on https://kitchen:6443`,
    },
    {
      error: refused('AlreadyExists', 'pods "web" already exists', pod),
      text: `Error from server (AlreadyExists): pods "web" already exists
  on https://kitchen:6443: change it with "eli apply -f", or delete it first`,
    },
    {
      error: refused('Conflict', 'Operation cannot be fulfilled on pods "web": the object has been modified', pod),
      text: `Error from server (Conflict): Operation cannot be fulfilled on pods "web": the object has been modified
  on https://kitchen:6443: read it again and try once more`,
    },
    {
      error: refused('Conflict', 'image x is in use by Pod default/web; delete that first'),
      text: `Error from server (Conflict): image x is in use by Pod default/web; delete that first
  on https://kitchen:6443`,
    },
    {
      error: refused('Unauthorized', 'Unauthorized'),
      text: `error: You must be logged in to the server (Unauthorized)
  on https://kitchen:6443: it does not know you: was your access revoked, or the device set up anew? Then pair with it again (eli pair)`,
    },
    {
      error: refused('Forbidden', 'pods is forbidden: User "anna" cannot create resource "pods"', { kind: 'pods' }),
      text: `Error from server (Forbidden): pods is forbidden: User "anna" cannot create resource "pods"
  on https://kitchen:6443: you are not permitted to; who administers the device can give you another group`,
    },
    {
      error: refused('TooManyRequests', 'Too many requests, please try again later.', { retryAfterSeconds: 1 }),
      text: `Error from server (TooManyRequests): Too many requests, please try again later.
  on https://kitchen:6443: it is busy; try again in 1 s`,
    },
    {
      error: refused('TooManyRequests', 'Cannot evict pod as it would violate the disruption budget.', {
        causes: [{ reason: 'DisruptionBudget', message: 'The disruption budget needs 1 healthy pods' }],
      }),
      text: `Error from server (TooManyRequests): Cannot evict pod as it would violate the disruption budget.
  on https://kitchen:6443`,
    },
    {
      error: refused('ServiceUnavailable', 'the container runtime is down'),
      text: `Error from server (ServiceUnavailable): the container runtime is down
  on https://kitchen:6443: it is still starting, or its container runtime is down; try again in a moment`,
    },
    ...[
      {
        reason: 'RegistryUnreachable',
        hint: ': can the device reach the registry? docs/user/registries.md has mirrors',
      },
      {
        reason: 'LoginRefused',
        hint: ': is there such an image, and does the device have a login for it? docs/user/registries.md says where to put one',
      },
      {
        reason: 'NoSpaceLeft',
        hint: ': its disk is full: "eli image prune" removes the images that nothing uses',
      },
      { reason: 'CertificateNotValidNow', hint: ': is its clock right?' },
      { reason: 'PullFailed', hint: '' },
    ].map(({ reason, hint }) => ({
      error: refused('ServiceUnavailable', 'failed to pull image "x": y', { causes: [{ reason, message: 'y' }] }),
      text: `Error from server (ServiceUnavailable): failed to pull image "x": y
  on https://kitchen:6443${hint}`,
    })),
    {
      error: refused('Timeout', 'the request timed out'),
      text: `Error from server (Timeout): the request timed out
  on https://kitchen:6443: it took too long; try again`,
    },
    {
      error: refused('InsufficientStorage', 'web:1 needs 150MB more on the device'),
      text: `Error from server (InsufficientStorage): web:1 needs 150MB more on the device
  on https://kitchen:6443: "eli image prune" removes the images that nothing uses`,
    },
    {
      error: refused('InternalError', 'an error on the server (id 5f)'),
      text: `Error from server (InternalError): an error on the server (id 5f)
  on https://kitchen:6443: its log says more: journalctl -u eliotd`,
    },
    {
      error: refused('Expired', 'the provided resource version is too old'),
      text: `Error from server (Expired): the provided resource version is too old
  on https://kitchen:6443: too much has changed meanwhile; try again`,
    },
    {
      error: refused('RequestEntityTooLarge', 'the body is larger than 3145728 bytes'),
      text: `Error from server (RequestEntityTooLarge): the body is larger than 3145728 bytes
  on https://kitchen:6443: send it in smaller parts`,
    },
    ...(['MethodNotAllowed', 'NotAcceptable', 'UnsupportedMediaType'] as const).map((reason) => ({
      error: refused(reason, 'no'),
      text: `Error from server (${reason}): no
  on https://kitchen:6443: "eli version" shows whether it is older than this eli`,
    })),
    {
      error: refused('BadRequest', 'a container name must be specified for pod web'),
      text: `Error from server (BadRequest): a container name must be specified for pod web
  on https://kitchen:6443`,
    },
    {
      error: refused('Invalid', 'Pod "A" is invalid: …', {
        kind: 'Pod',
        name: 'A',
        causes: [
          { reason: 'FieldValueInvalid', field: 'metadata.name', message: 'Invalid value: "A"' },
          { reason: 'FieldValueRequired', field: 'spec.containers', message: 'Required value' },
        ],
      }),
      text: `The Pod "A" is invalid:
* metadata.name: Invalid value: "A"
* spec.containers: Required value
  on https://kitchen:6443`,
    },
  ];

  for (const { error, text } of cases) {
    it(`${error.reason}: ${error.message}`, () => assert.equal(describeFailure(error, around), text));
  }

  it('is told for every reason that there is', () => {
    const reasons = new Set(cases.map(({ error }) => error.reason));
    assert.deepEqual(
      Object.keys(httpStatusByReason).filter((reason) => !reasons.has(reason as Reason)),
      [],
    );
  });

  it('names the device also in the middle of several objects', () => {
    const error = new FailureInContext('error when creating "pod.yaml"', refused('Forbidden', 'no'));
    assert.match(
      describeFailure(error, around),
      /^Error from server \(Forbidden\): error when creating "pod\.yaml": no\n {2}on https:\/\/kitchen:6443: you are not permitted/,
    );
  });

  it('knows which kinds live in no namespace', () => {
    const there = kinds.filter(
      ({ namespaced, verbs, group }) => !namespaced && verbs.includes('list') && group !== 'metrics.k8s.io',
    );
    assert.deepEqual(there.map(({ resource }) => resource).sort(), [...clusterScoped]);
  });
});

describe('what is wrong on this side', () => {
  it('says what to type instead', () => {
    assert.equal(describeFailure(new UsageError('no', 'try yes'), around), 'error: no\n  try yes');
    assert.equal(describeFailure(new StatusError('Timeout', 'too late'), around), 'error: too late');
    assert.equal(describeFailure('odd', around), 'error: odd');
  });
});

describe('a device that cannot be reached', () => {
  let device: LocalDevice;
  const servers: { close(): unknown }[] = [];
  before(async () => {
    device = await LocalDevice.start();
  });
  after(async () => {
    for (const server of servers) server.close();
    await device.close();
  });

  const portOf = (server: Pick<Server, 'address'>): number => {
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  };
  /** `eli get pods` with the kubeconfig of the device, at another address. */
  async function getFrom(server: string): Promise<string> {
    const text = (await readFile(device.kubeconfig, 'utf8')).replace(device.server, server);
    const { exitCode, stderr } = await eli(['get', 'pods', '--kubeconfig', await device.write('other', text)]);
    assert.equal(exitCode, 1);
    return stderr;
  }

  it('is another one than was paired', async () => {
    const leaf = {
      usage: 'server' as const,
      commonName: 'x',
      organizations: [],
      dnsNames: ['localhost'],
      ips: ['127.0.0.1'],
    };
    const { server: credentials } = await issueCertificates({
      ca: undefined,
      authorityName: 'other',
      requests: { server: leaf },
    }).then(({ issued }) => issued);
    const server = createTlsServer({ ...credentials }, () => {});
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = `https://127.0.0.1:${portOf(server)}`;
    assert.equal(
      await getFrom(address),
      `error: cannot reach ${address}: its certificate is not signed by the authority that the kubeconfig names - was the device set up anew? Then pair with it again (eli pair), or fetch its kubeconfig again\n`,
    );
  });

  it('refuses the connection', async () => {
    const closed = await ClosedPort.hold();
    servers.push(closed);
    const address = `https://127.0.0.1:${closed.port}`;
    assert.equal(
      await getFrom(address),
      `error: cannot reach ${address}: connection refused - is eliotd running there, and is the port right?\n`,
    );
  });

  it('speaks no TLS', async () => {
    const server = createServer((socket) => socket.on('error', () => {}).end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    assert.match(
      await getFrom(`https://127.0.0.1:${portOf(server)}`),
      /: it does not speak TLS - is this the address of an eliotd\?\n$/,
    );
  });

  it('does not answer in time', async () => {
    const server = createServer(() => {});
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = `https://127.0.0.1:${portOf(server)}`;
    const transport = new Transport({ server: address, connectTimeoutMs: 50 });
    await assert.rejects(transport.request({ method: 'GET', path: '/' }), (error) => {
      assert.match(
        describeFailure(error, around),
        /^error: cannot reach https:\/\/127\.0\.0\.1:\d+: no connection within 0\.05 s - is the device on, and on this network\?$/,
      );
      return true;
    });
    transport.close();
  });
});
