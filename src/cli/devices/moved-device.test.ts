import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { type EliResult, eli } from '../../testing/eli-runner.ts';
import { answerOf, fakeLan, type LanDevice } from '../../testing/fake-lan.ts';
import { LocalDevice } from '../../testing/local-device.ts';
import { toYaml } from '../printers/serialize.ts';
import { emptyKubeconfig, putDevice } from './kubeconfig-document.ts';
import { authorityFingerprint } from './paired-devices.ts';

describe('a paired device that is not where it was', () => {
  let device: LocalDevice;
  let file: string;
  let here: LanDevice;
  before(async () => {
    device = await LocalDevice.start();
    file = join(device.directory, 'devices');
    const fingerprint = authorityFingerprint(device.pki.ca.cert) ?? '';
    here = { node: 'kitchen', address: '127.0.0.1', port: Number(new URL(device.server).port), fingerprint };
  });
  after(() => device.close());

  /** Nothing listens where it was. */
  beforeEach(async () => {
    const { ca, admin } = device.pki;
    const credentials = { caCert: ca.cert, clientCert: admin.cert, clientKey: admin.key };
    const known = putDevice(emptyKubeconfig, 'kitchen', { server: 'https://127.0.0.1:1', ...credentials });
    writeFileSync(file, await toYaml(known));
  });

  const get = (devices: readonly LanDevice[], ...flags: readonly string[]): Promise<EliResult> =>
    eli(['get', 'namespaces', '-o', 'name', ...flags], {
      env: { ELI_KUBECONFIG: file, ELIOT_RUN_DIR: '/nowhere' },
      lan: fakeLan(() => devices.map(answerOf)),
    });

  it('is found by its fingerprint, and is asked there from then on', async () => {
    const { exitCode, stdout, stderr } = await get([{ ...here, node: 'renamed' }]);
    assert.equal(exitCode, 0, stderr);
    assert.match(stdout, /^namespace\/default$/m);
    assert.equal(stderr, `Note: kitchen has moved to ${device.server}\n`);
    assert.match(readFileSync(file, 'utf8'), new RegExp(`server: ${device.server}\n`));
    const again = await get([]);
    assert.deepEqual([again.exitCode, again.stderr], [0, '']);
  });

  it('is found when it is named', async () => {
    assert.equal((await get([here], '--node', 'kitchen')).exitCode, 0);
    assert.equal((await get([here], '--context', 'kitchen')).exitCode, 0);
  });

  it('is not mistaken for another one of its name', async () => {
    const { exitCode, stderr } = await get([{ ...here, fingerprint: 'c' }]);
    assert.equal(exitCode, 1);
    assert.match(stderr, /^error: cannot reach https:\/\/127.0.0.1:1: connection refused/);
  });

  it('is asked for its certificate: who only says that he is it gets nothing', async () => {
    const impostor = await LocalDevice.start();
    try {
      const { exitCode, stderr } = await get([{ ...here, port: Number(new URL(impostor.server).port) }]);
      assert.equal(exitCode, 1);
      assert.match(stderr, /its certificate is not signed by the authority that the kubeconfig names/);
      assert.match(readFileSync(file, 'utf8'), /server: https:\/\/127.0.0.1:1\n/);
    } finally {
      await impostor.close();
    }
  });

  it('is looked for as a paired device only: a kubeconfig that was named means what it says', async () => {
    const { exitCode, stderr } = await get([here], '--kubeconfig', file, '--context', 'kitchen');
    assert.equal(exitCode, 1);
    assert.match(stderr, /cannot reach https:\/\/127.0.0.1:1/);
  });
});
