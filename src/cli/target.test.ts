import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { describe, it } from 'node:test';
import { createSystemClock } from '../lib/clock.ts';
import { answerOf, fakeLan, type LanDevice } from '../testing/fake-lan.ts';
import { authorityFingerprint } from './devices/paired-devices.ts';
import type { FileAccess } from './io.ts';
import { chooseTarget, type Target, type TargetFlags } from './target.ts';
import { UsageError } from './usage-error.ts';

const readOnly = (): Promise<never> => Promise.reject(Object.assign(new Error(), { code: 'EROFS' }));

/** A machine on which only a socket may be found, usable or not, and some files. */
function machine(
  socket?: { readonly path: string; readonly usable: boolean },
  files: Readonly<Record<string, string>> = {},
): FileAccess {
  return {
    readFile: async (path) => {
      const text = files[path];
      if (text === undefined) throw Object.assign(new Error(), { code: 'ENOENT' });
      return Buffer.from(text);
    },
    openFile: () => Readable.from([]),
    readDirectory: async () => [],
    kindOf: async (path) => (path === socket?.path ? 'socket' : path in files ? 'file' : 'missing'),
    sizeOf: async () => 0,
    mayUse: async (path) => path === socket?.path && socket.usable,
    writeFile: readOnly,
    createFile: readOnly,
    removeFile: readOnly,
    removeDirectory: readOnly,
  };
}

/** With the devices that answer on the network. */
function choose(
  flags: TargetFlags,
  around: { readonly env: Record<string, string>; readonly files: FileAccess },
  devices: readonly LanDevice[] = [],
): Promise<Target> {
  const lan = fakeLan(() => devices.map(answerOf));
  return chooseTarget(flags, { ...around, lan, clock: createSystemClock() }, new AbortController().signal);
}

async function refusal(flags: TargetFlags, files: FileAccess, env: Record<string, string> = {}): Promise<UsageError> {
  const error = await choose(flags, { env, files }).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof UsageError);
  return error;
}

describe('without a kubeconfig', () => {
  it('the local daemon is looked for in /run/eliot, or where ELIOT_RUN_DIR says', async () => {
    const usual = machine({ path: '/run/eliot/eliotd.sock', usable: true });
    const { transport } = await choose({}, { env: {}, files: usual });
    assert.equal(transport.server, 'unix:/run/eliot/eliotd.sock');
    const moved = machine({ path: '/x/eliotd.sock', usable: true });
    const other = await choose({}, { env: { ELIOT_RUN_DIR: '/x', KUBECONFIG: '' }, files: moved });
    assert.equal(other.transport.server, 'unix:/x/eliotd.sock');
  });

  it('a daemon that only root may use is told apart from none at all', async () => {
    const error = await refusal({}, machine({ path: '/run/eliot/eliotd.sock', usable: false }));
    assert.match(error.message, /an eliotd runs here, but you may not use its socket/);
    assert.match(error.hint ?? '', /as root \(sudo\)/);
    assert.match((await refusal({}, machine())).message, /no eliotd runs here \(\/run\/eliot\/eliotd\.sock\)/);
  });

  it('a named device must prove its name', async () => {
    const files = machine({ path: '/run/eliot/eliotd.sock', usable: true });
    const { verify } = await choose({ node: 'pi' }, { env: {}, files });
    assert.deepEqual(verify, { version: false, node: 'pi' });
  });
});

const authorityOf = (name: string): string =>
  `-----BEGIN CERTIFICATE-----\n${Buffer.from(name).toString('base64')}\n-----END CERTIFICATE-----\n`;

/** A file of paired devices, each at `https://NAME:6443`. */
function devicesFile(names: readonly string[], current?: string): string {
  return JSON.stringify({
    kind: 'Config',
    clusters: names.map((name) => ({
      name,
      cluster: {
        server: `https://${name}:6443`,
        'certificate-authority-data': Buffer.from(authorityOf(name)).toString('base64'),
      },
    })),
    contexts: names.map((name) => ({ name, context: { cluster: name, namespace: `at-${name}` } })),
    'current-context': current,
  });
}

describe('with paired devices', () => {
  const env = { HOME: '/home/me' };
  const path = '/home/me/.eli/kubeconfig';
  const serverOf = async (flags: TargetFlags, files: FileAccess, change: Record<string, string> = {}) =>
    (await choose(flags, { env: { ...env, ...change }, files })).transport.server;

  it('the only one is used, whatever the current context says, and must show that it is Eliot', async () => {
    for (const current of [undefined, 'gone']) {
      const files = machine(undefined, { [path]: devicesFile(['pi'], current) });
      const target = await choose({}, { env, files });
      assert.equal(target.transport.server, 'https://pi:6443');
      assert.equal(target.namespace, 'at-pi');
      assert.deepEqual(target.verify, { version: true });
    }
  });

  it('of several the current one is used', async () => {
    assert.equal(
      await serverOf({}, machine(undefined, { [path]: devicesFile(['pi', 'attic'], 'attic') })),
      'https://attic:6443',
    );
  });

  it('of several none is used when none is chosen, and all are named', async () => {
    const files = machine(undefined, { [path]: devicesFile(['pi', 'attic'], 'gone') });
    const error = await refusal({}, files, env);
    assert.equal(error.message, 'several devices are paired and none is chosen: pi, attic');
    assert.match(error.hint ?? '', /eli --node pi …\nfor good: +eli config use pi/);
  });

  it('of several of which none is chosen the one that is here is used, when it is the only one', async () => {
    const files = machine(undefined, { [path]: devicesFile(['pi', 'attic']) });
    const onLan = (name: string, address: string): LanDevice => ({
      node: name,
      address,
      fingerprint: authorityFingerprint(authorityOf(name)) ?? '',
    });
    const [pi, attic] = [onLan('pi', '192.168.1.1'), onLan('attic', '192.168.1.2')];
    const strange = onLan('strange', '192.168.1.3');
    assert.equal((await choose({}, { env, files }, [strange, attic])).paired, 'attic');
    await assert.rejects(choose({}, { env, files }, [pi, attic]), /several devices are paired and none is chosen/);
    // A copy of its memory card is here too: nobody can tell which is meant.
    const copy = { ...attic, address: '192.168.1.4', instance: 'attic (2)' };
    await assert.rejects(choose({}, { env, files }, [attic, copy]), /several devices are paired/);
  });

  it('--node, ELI_NODE and --context name one', async () => {
    const files = machine(undefined, { [path]: devicesFile(['pi', 'attic'], 'pi') });
    assert.equal(await serverOf({ node: 'attic' }, files), 'https://attic:6443');
    assert.equal(await serverOf({}, files, { ELI_NODE: 'attic' }), 'https://attic:6443');
    assert.equal(await serverOf({ context: 'attic' }, files), 'https://attic:6443');
    const error = await refusal({ node: 'nope' }, files, env);
    assert.match(error.message, /no device named "nope" found: it is not among the paired devices \(pi, attic\)/);
  });

  it('KUBECONFIG and the local daemon go before them, unless one is named', async () => {
    const socket = { path: '/run/eliot/eliotd.sock', usable: true };
    const files = machine(socket, { [path]: devicesFile(['pi']), '/k': devicesFile(['other'], 'other') });
    assert.equal(await serverOf({}, files, { KUBECONFIG: '/k' }), 'https://other:6443');
    assert.equal(await serverOf({ node: 'pi' }, files, { KUBECONFIG: '/k' }), 'https://pi:6443');
    assert.equal(await serverOf({}, files), 'unix:/run/eliot/eliotd.sock');
    assert.equal(await serverOf({ node: 'pi' }, files), 'https://pi:6443');
  });

  it('--kubeconfig hides them', async () => {
    const files = machine(undefined, { [path]: devicesFile(['pi']), '/k': devicesFile(['other'], 'other') });
    assert.deepEqual((await choose({ node: 'pi', kubeconfig: '/k' }, { env, files })).verify, {
      version: true,
      node: 'pi',
    });
  });

  it('ELI_KUBECONFIG names their file', async () => {
    const files = machine(undefined, { '/else': devicesFile(['pi']) });
    assert.equal(await serverOf({}, files, { ELI_KUBECONFIG: '/else' }), 'https://pi:6443');
  });

  it('a file that names none is as good as none', async () => {
    const files = machine(undefined, { [path]: '{"kind":"Config"}' });
    assert.match((await refusal({}, files, env)).message, /no device found: .* none is paired/);
  });
});
