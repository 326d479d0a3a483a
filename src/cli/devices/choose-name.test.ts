import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { chooseName } from './choose-name.ts';
import { emptyKubeconfig, type KubeconfigDocument, putDevice } from './kubeconfig-document.ts';
import { authorityFingerprint } from './paired-devices.ts';

const certificateOf = (device: string): string =>
  `-----BEGIN CERTIFICATE-----\n${Buffer.from(device).toString('base64')}\n-----END CERTIFICATE-----\n`;
const fingerprintOf = (device: string): string => authorityFingerprint(certificateOf(device)) ?? '';

/** A file with devices under names. */
function file(devices: Readonly<Record<string, string>>): KubeconfigDocument {
  return Object.entries(devices).reduce(
    (document, [name, device]) =>
      putDevice(document, name, {
        server: 'https://x:1',
        caCert: certificateOf(device),
        clientCert: '',
        clientKey: '',
      }),
    emptyKubeconfig,
  );
}

describe('the name of a device in a kubeconfig', () => {
  it('is that of its node', () => {
    assert.deepEqual(chooseName(file({}), 'pi', fingerprintOf('a')), { name: 'pi', replaces: false });
  });

  it('is the same again for the same device', () => {
    const document = file({ pi: 'a', 'pi-2': 'b' });
    assert.deepEqual(chooseName(document, 'pi', fingerprintOf('a')), { name: 'pi', replaces: true });
    assert.deepEqual(chooseName(document, 'pi', fingerprintOf('b')), { name: 'pi-2', replaces: true });
  });

  it('gets a number when another device has it', () => {
    assert.deepEqual(chooseName(file({ pi: 'a' }), 'pi', fingerprintOf('b')), { name: 'pi-2', replaces: false });
    assert.deepEqual(chooseName(file({ pi: 'a', 'pi-2': 'b' }), 'pi', fingerprintOf('c')).name, 'pi-3');
  });

  it('gets a number when something else of the file has it', () => {
    const users = { ...emptyKubeconfig, users: [{ name: 'pi', user: { token: 'x' } }] };
    assert.deepEqual(chooseName(users, 'pi', fingerprintOf('a')), { name: 'pi-2', replaces: false });
  });

  it('is never that of an entry which a person made for the device, for that may mean more than we know', () => {
    const renamed = { ...file({ pi: 'a' }), contexts: [{ name: 'pi', context: { cluster: 'pi', user: 'admin' } }] };
    assert.deepEqual(chooseName(renamed, 'pi', fingerprintOf('a')), { name: 'pi-2', replaces: false });
  });
});
