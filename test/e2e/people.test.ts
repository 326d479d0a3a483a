/** Who may do what: client certificates, groups, revocation. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { run } from '../support/command.ts';
import { TestDevice } from '../support/device.ts';

describe('the doors of a device', () => {
  let device: TestDevice;
  before(async () => {
    device = await TestDevice.start({ image: false });
  });
  after(() => device?.close());

  it('has TLS 1.3 only on the network', async () => {
    const tls = async (version: string): Promise<number> =>
      (await run('sh', ['-c', `echo | openssl s_client -connect 127.0.0.1:${device.port} ${version} >/dev/null 2>&1`]))
        .exitCode;
    assert.equal(await tls('-tls1_3'), 0);
    assert.notEqual(await tls('-tls1_2'), 0);
    const plain = await run('curl', ['-s', `http://127.0.0.1:${device.port}/livez`]);
    assert.notEqual(plain.stdout, 'ok');
  });

  it('refuses a certificate of a stranger', async () => {
    const made = await run('sh', [
      '-c',
      `cd ${device.directory} && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout s.key -out s.crt -subj "/O=system:masters/CN=eliot-admin" -days 9 2>/dev/null &&
       curl -sk --cert s.crt --key s.key https://127.0.0.1:${device.port}/api/v1/pods`,
    ]);
    assert.match(made.stdout, /"code": ?401/);
  });

  it('lets root in by the unix socket, and nobody else', async () => {
    const socket = `${device.runDir}/eliotd.sock`;
    const asRoot = await run('curl', ['-s', '--unix-socket', socket, 'http://localhost/api/v1/nodes']);
    assert.match(asRoot.stdout, /"NodeList"/);
    const asNobody = await run('setpriv', [
      '--reuid=65534',
      '--regid=65534',
      '--clear-groups',
      'curl',
      '-s',
      '--unix-socket',
      socket,
      'http://localhost/api/v1/nodes',
    ]);
    assert.notEqual(asNobody.exitCode, 0);
  });

  it('writes keys and kubeconfig for their owner only', async () => {
    const { stdout } = await run('sh', ['-c', `stat -c '%a' ${device.kubeconfig} ${device.dataDir}/pki/*.key`]);
    assert.deepEqual([...new Set(stdout.trim().split('\n'))], ['600']);
  });
});
