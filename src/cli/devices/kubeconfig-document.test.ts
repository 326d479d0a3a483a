import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  contextsOf,
  copyContext,
  currentContextOf,
  type DeviceCredentials,
  emptyKubeconfig,
  isTaken,
  keepContext,
  putDevice,
  removeContext,
  setNamespace,
  setServer,
  useContext,
} from './kubeconfig-document.ts';

const device = (change: Partial<DeviceCredentials> = {}): DeviceCredentials => ({
  server: 'https://192.168.1.7:6443',
  caCert: 'CA',
  clientCert: 'CERT',
  clientKey: 'KEY',
  ...change,
});

/** Somebody's cluster, with a key that we do not know. */
const theirs = {
  apiVersion: 'v1',
  kind: 'Config',
  preferences: { colors: true },
  clusters: [{ name: 'prod', cluster: { server: 'https://prod', extensions: [{ name: 'x' }] } }],
  users: [{ name: 'me', user: { exec: { command: 'login' } } }],
  contexts: [{ name: 'prod', context: { cluster: 'prod', user: 'me', namespace: 'shop' } }],
  'current-context': 'prod',
};

describe('a device in a kubeconfig', () => {
  it('is a context, a cluster and a user of one name', () => {
    const document = putDevice(emptyKubeconfig, 'pi', device({ tlsServerName: 'pi.local' }));
    assert.deepEqual(document, {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [
        {
          name: 'pi',
          cluster: {
            'certificate-authority-data': 'Q0E=',
            server: 'https://192.168.1.7:6443',
            'tls-server-name': 'pi.local',
          },
        },
      ],
      users: [{ name: 'pi', user: { 'client-certificate-data': 'Q0VSVA==', 'client-key-data': 'S0VZ' } }],
      contexts: [{ name: 'pi', context: { cluster: 'pi', user: 'pi' } }],
    });
  });

  it('leaves what other people wrote as it is, also after it has gone again', () => {
    const added = putDevice(theirs, 'pi', device());
    assert.deepEqual(contextsOf(added)[0], contextsOf(theirs)[0]);
    assert.equal(currentContextOf(added), 'prod');
    assert.deepEqual(removeContext(added, 'pi'), theirs);
  });

  it('is replaced with all it said, but keeps the namespace that was chosen', () => {
    const first = setNamespace(putDevice(theirs, 'pi', device({ tlsServerName: 'pi.local' })), 'pi', 'sensors');
    const again = putDevice(first, 'pi', device({ server: 'https://10.0.0.1:6443' }));
    const [, pi] = contextsOf(again);
    assert.equal(contextsOf(again).length, 2);
    assert.equal(pi?.namespace, 'sensors');
    assert.deepEqual(pi?.cluster, { 'certificate-authority-data': 'Q0E=', server: 'https://10.0.0.1:6443' });
  });

  it('takes the current context with it, but no cluster or user that another context needs', () => {
    const shared = {
      ...theirs,
      contexts: [...theirs.contexts, { name: 'also', context: { cluster: 'prod', user: 'me' } }],
    };
    const left = removeContext(shared, 'prod');
    assert.equal(currentContextOf(left), undefined);
    assert.deepEqual(
      contextsOf(left).map(({ name }) => name),
      ['also'],
    );
    assert.deepEqual(left['clusters'], theirs.clusters);
    assert.deepEqual(left['users'], theirs.users);
  });

  it('is copied with its cluster and user, under another name if need be', () => {
    const from = setNamespace(putDevice(emptyKubeconfig, 'prod', device()), 'prod', 'sensors');
    const merged = copyContext(theirs, from, { name: 'prod', as: 'prod-2' });
    const [first, second] = contextsOf(merged);
    assert.deepEqual(first, contextsOf(theirs)[0]);
    assert.deepEqual(
      { ...second, cluster: undefined },
      { name: 'prod-2', namespace: 'sensors', cluster: undefined, clusterName: 'prod-2', userName: 'prod-2' },
    );
  });

  it('alone is what is left of a file of several', () => {
    const both = putDevice(theirs, 'pi', device());
    assert.deepEqual(keepContext(both, 'prod'), theirs);
    assert.equal(currentContextOf(keepContext(both, 'pi')), 'pi');
    assert.deepEqual(
      contextsOf(keepContext(both, 'pi')).map(({ name }) => name),
      ['pi'],
    );
  });

  it('may move to another address', () => {
    const moved = setServer(putDevice(theirs, 'pi', device()), 'pi', 'https://10.0.0.2:6443');
    assert.equal(contextsOf(moved)[1]?.cluster['server'], 'https://10.0.0.2:6443');
    assert.equal(contextsOf(moved)[1]?.cluster['certificate-authority-data'], 'Q0E=');
  });

  it('has a name that neither a context nor a cluster nor a user has', () => {
    for (const name of ['prod', 'me']) assert.ok(isTaken(theirs, name), name);
    assert.ok(!isTaken(theirs, 'pi'));
  });

  it('that is not there is refused in the words of kubectl', () => {
    for (const change of [useContext, removeContext, keepContext]) {
      assert.throws(() => change(theirs, 'pi'), {
        message: 'no context exists with the name: "pi"',
        hint: 'there is: prod',
      });
    }
    assert.throws(() => useContext(emptyKubeconfig, 'pi'), { hint: 'no device is paired yet' });
  });
});
