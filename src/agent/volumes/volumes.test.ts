import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, readlink, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { ConfigMap } from '../../api/kinds/config-map.ts';
import type { Pod } from '../../api/kinds/pod/types.ts';
import type { Secret } from '../../api/kinds/secret.ts';
import { createFiles } from '../../host/files.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { makePod } from '../../testing/pods.ts';
import { writeAtomically } from './atomic-writer.ts';
import { checkHostPath } from './host-path.ts';
import { VolumeLayout } from './volume-layout.ts';
import { VolumeManager } from './volume-manager.ts';

const files = createFiles();
const exists = async (path: string): Promise<boolean> => (await files.info(path, false)) !== undefined;
let dir = '';
let count = 0;
let root = '';

before(async () => {
  root = await mkdtemp(join(tmpdir(), 'eliot-volumes-'));
});
beforeEach(async () => {
  dir = join(root, String(count++));
  await mkdir(dir);
});
after(() => rm(root, { recursive: true, force: true }));

const payload = (contents: Record<string, string>, mode = 0o644) =>
  new Map(Object.entries(contents).map(([path, text]) => [path, { content: Buffer.from(text), mode }]));

describe('a directory that is written at once', () => {
  const write = (contents: Record<string, string>, mode?: number): Promise<boolean> =>
    writeAtomically(files, dir, payload(contents, mode), undefined, 0);
  const visible = async (): Promise<readonly string[]> =>
    (await readdir(dir)).filter((name) => !name.startsWith('..')).sort();

  it('shows its files through one link', async () => {
    assert.equal(await write({ 'a.conf': 'a', 'sub/b.conf': 'b' }), true);
    assert.deepEqual(await visible(), ['a.conf', 'sub']);
    assert.equal(await readlink(join(dir, 'a.conf')), '..data/a.conf');
    assert.equal(await readFile(join(dir, 'sub/b.conf'), 'utf8'), 'b');
  });

  it('is left alone when nothing changed', async () => {
    await write({ a: '1' });
    const before = await readlink(join(dir, '..data'));
    assert.equal(await write({ a: '1' }), false);
    assert.equal(await readlink(join(dir, '..data')), before);
  });

  for (const { what, next, mode } of [
    { what: 'content', next: { a: '2', b: '1' } },
    { what: 'a new file', next: { a: '1', b: '1', c: '1' } },
    { what: 'a file that is gone', next: { a: '1' } },
    { what: 'a mode', next: { a: '1', b: '1' }, mode: 0o400 },
    { what: 'everything that is gone', next: {} },
  ]) {
    it(`follows ${what}, and keeps nothing of before`, async () => {
      await write({ a: '1', b: '1' });
      assert.equal(await write(next as Record<string, string>, mode), true);
      assert.deepEqual(await visible(), Object.keys(next).sort());
      assert.equal((await readdir(dir)).filter((name) => name.startsWith('..')).length, 2);
      for (const [name, text] of Object.entries(next)) {
        assert.equal(await readFile(join(dir, name), 'utf8'), text);
        assert.equal((await stat(join(dir, name))).mode & 0o777, mode ?? 0o644);
      }
    });
  }

  it('is completed after an interruption', async () => {
    await write({ a: '1' });
    await symlink('nowhere', join(dir, '..data_tmp'));
    await mkdir(join(dir, '..2026_01_01_00_00_00.1'));
    assert.equal(await write({ a: '2' }), true);
    assert.equal(await readFile(join(dir, 'a'), 'utf8'), '2');
    assert.equal((await readdir(dir)).length, 3);
  });
});

describe('a directory whose writing was cut off', () => {
  it('gets the links that were missing, though its files are right already', async () => {
    await writeAtomically(files, dir, payload({ a: '1', b: '2' }), undefined, 0);
    await rm(join(dir, 'b'));
    await mkdir(join(dir, '..2026_01_01_00_00_00.1'));
    assert.equal(await writeAtomically(files, dir, payload({ a: '1', b: '2' }), undefined, 0), false);
    assert.equal(await readFile(join(dir, 'b'), 'utf8'), '2');
    assert.equal((await readdir(dir)).length, 4);
  });

  it('keeps its old files, and no half of the new ones, when there is no space left', async () => {
    await writeAtomically(files, dir, payload({ a: '1' }), undefined, 0);
    const full = { ...files, writeFile: () => Promise.reject(new Error('ENOSPC: no space left on device')) };
    for (let time = 0; time < 3; time += 1) {
      await assert.rejects(writeAtomically(full, dir, payload({ a: '2' }), undefined, 0), /no space left/);
    }
    assert.equal(await readFile(join(dir, 'a'), 'utf8'), '1');
    assert.equal((await readdir(dir)).length, 3);
  });
});

describe('a hostPath', () => {
  for (const { type, words } of [
    { type: 'Directory', words: 'a directory' },
    { type: 'File', words: 'a file' },
    { type: 'Socket', words: 'a socket file' },
    { type: 'CharDevice', words: 'a character device' },
    { type: 'BlockDevice', words: 'a block device' },
  ]) {
    it(`of type ${type} must be there`, async () => {
      const path = join(dir, 'missing');
      await assert.rejects(checkHostPath({ path, type }, files), {
        message: `hostPath type check failed: ${path} is not ${words}`,
      });
    });
  }

  it('of a type OrCreate is made', async () => {
    await checkHostPath({ path: join(dir, 'x/y'), type: 'DirectoryOrCreate' }, files);
    assert.equal((await stat(join(dir, 'x/y'))).mode & 0o777, 0o755);
    await checkHostPath({ path: join(dir, 'f'), type: 'FileOrCreate' }, files);
    assert.equal((await stat(join(dir, 'f'))).mode & 0o777, 0o644);
  });

  it('of a type OrCreate is not overwritten, and must be what was asked for', async () => {
    await writeFile(join(dir, 'f'), 'kept');
    await checkHostPath({ path: join(dir, 'f'), type: 'FileOrCreate' }, files);
    assert.equal(await readFile(join(dir, 'f'), 'utf8'), 'kept');
    await assert.rejects(
      checkHostPath({ path: join(dir, 'f'), type: 'DirectoryOrCreate' }, files),
      /is not a directory/,
    );
  });

  it('may be a device, and is not looked at without a type', async () => {
    await checkHostPath({ path: '/dev/null', type: 'CharDevice' }, files);
    await checkHostPath({ path: join(dir, 'missing'), type: '' }, files);
    assert.equal(await exists(join(dir, 'missing')), false);
  });
});

describe('the volumes of a pod', () => {
  let mounted: Map<string, number | undefined>;
  let configMaps: Record<string, object>;
  let secrets: Record<string, object>;
  let isOnTmpfs: boolean;
  let bound: string[][];
  let manager: VolumeManager;
  let layout: VolumeLayout;

  beforeEach(() => {
    mounted = new Map();
    configMaps = {};
    secrets = {};
    isOnTmpfs = true;
    bound = [];
    layout = new VolumeLayout({ dataDir: join(dir, 'data'), runDir: join(dir, 'run') });
    manager = new VolumeManager({
      files,
      layout,
      clock: new FakeClock(),
      memoryBytes: 2 ** 29,
      mounts: {
        isMountPoint: async (path) => mounted.has(path),
        mountTmpfs: async (path, { sizeBytes }) => void mounted.set(path, sizeBytes),
        unmountBelow: async (path) => {
          for (const mount of mounted.keys()) if (mount.startsWith(path)) mounted.delete(mount);
        },
        isOnTmpfs: async () => isOnTmpfs,
        bindInside: async (volume, subPath, target) => void bound.push([volume, subPath, target]),
      },
      sources: {
        configMap: (_namespace, name) => configMaps[name] as ConfigMap | undefined,
        secret: (_namespace, name) => secrets[name] as Secret | undefined,
        podField: (pod, path) => (path === 'metadata.name' ? (pod.metadata.name ?? '') : undefined),
        resourceField: () => '1',
        serviceAccountToken: (pod, { audience = 'api' }) => `${pod.metadata.name} for ${audience}`,
      },
    });
  });

  const podOf = (volume: object, spec: object = {}): Pod =>
    makePod({ spec: { ...spec, volumes: [{ name: 'v', ...volume }] } });
  const pathOf = (pod: Pod): string => layout.path('u1', pod.spec.volumes?.[0] as never) ?? '';
  const base64 = (text: string): string => Buffer.from(text).toString('base64');

  it('are mounted whole where they stand, and a sub-path from a place of its own', async () => {
    const pod = podOf({ name: 'work', emptyDir: {} });
    const path = layout.path('u1', { name: 'work', emptyDir: {} } as never) ?? '';
    assert.equal(await manager.mountSource(pod, 'work', '', 'web/0'), path);
    const target = `${layout.podRunDirectory('u1')}/volume-subpaths/work/web/1`;
    assert.equal(await manager.mountSource(pod, 'work', 'logs', 'web/1'), target);
    assert.deepEqual(bound, [[path, 'logs', target]]);
  });

  it('show a token in a volume for everybody, or for the one user or group of the containers only', async () => {
    const projected = {
      sources: [{ serviceAccountToken: { path: 'sa/token', audience: 'vault', expirationSeconds: 600 } }],
    };
    for (const { spec, mode, uid, gid } of [
      { spec: {}, mode: 0o644, uid: 0, gid: 0 },
      { spec: { securityContext: { runAsUser: 1000 } }, mode: 0o600, uid: 1000, gid: 0 },
      { spec: { securityContext: { fsGroup: 2000 } }, mode: 0o640, uid: 0, gid: 2000 },
      { spec: { securityContext: { runAsUser: 1000, fsGroup: 2000 } }, mode: 0o640, uid: 1000, gid: 2000 },
      {
        spec: {
          containers: [
            { name: 'a', securityContext: { runAsUser: 1 } },
            { name: 'b', securityContext: { runAsUser: 2 } },
          ],
        },
        mode: 0o644,
        uid: 0,
        gid: 0,
      },
    ]) {
      const pod = podOf({ projected }, spec);
      await manager.setUp(pod);
      const path = join(pathOf(pod), 'sa/token');
      const found = await stat(path);
      assert.deepEqual([found.mode & 0o7777, found.uid, found.gid], [mode, uid, gid], JSON.stringify(spec));
      assert.match(await readFile(path, 'utf8'), / for vault$/);
      await manager.tearDown('u1');
    }
  });

  it('are directories on disk that anybody may write to', async () => {
    const pod = podOf({ emptyDir: {} });
    await manager.setUp(pod);
    assert.equal((await stat(pathOf(pod))).mode & 0o7777, 0o777);
    assert.ok(pathOf(pod).startsWith(join(dir, 'data')));
  });

  it('keep what was written into them', async () => {
    const pod = podOf({ emptyDir: {} });
    await manager.setUp(pod);
    await writeFile(join(pathOf(pod), 'f'), 'kept');
    await manager.setUp(pod);
    assert.equal(await readFile(join(pathOf(pod), 'f'), 'utf8'), 'kept');
  });

  it('are in memory within their limit when asked, mounted once', async () => {
    const pod = podOf({ emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } });
    await manager.setUp(pod);
    await manager.setUp(pod);
    assert.deepEqual([...mounted], [[pathOf(pod), 1 << 20]]);
    assert.ok(pathOf(pod).startsWith(join(dir, 'run')));
  });

  it('belong to the group of the pod', async () => {
    const pod = podOf({ emptyDir: {} }, { securityContext: { fsGroup: 1234 } });
    await manager.setUp(pod);
    const { gid, mode } = await stat(pathOf(pod));
    assert.deepEqual([gid, mode & 0o7777], [1234, 0o2777]);
  });

  it('show ConfigMaps, text and bytes, and their chosen keys', async () => {
    configMaps['c'] = { data: { a: 'text' }, binaryData: { b: base64('\u0000bytes') } };
    const all = podOf({ configMap: { name: 'c' } });
    await manager.setUp(all);
    assert.equal(await readFile(join(pathOf(all), 'a'), 'utf8'), 'text');
    assert.equal(await readFile(join(pathOf(all), 'b'), 'utf8'), '\u0000bytes');
    const chosen = podOf({ configMap: { name: 'c', items: [{ key: 'a', path: 'deep/name', mode: 0o400 }] } });
    await manager.setUp(chosen);
    assert.equal((await stat(join(pathOf(chosen), 'deep/name'))).mode & 0o777, 0o400);
    assert.equal(await exists(join(pathOf(chosen), 'b')), false);
  });

  for (const { what, volume, message } of [
    { what: 'ConfigMap', volume: { configMap: { name: 'x' } }, message: 'configmap "x" not found' },
    { what: 'Secret', volume: { secret: { secretName: 'x' } }, message: 'secret "x" not found' },
  ]) {
    it(`need their ${what}, unless it is optional`, async () => {
      await assert.rejects(manager.setUp(podOf(volume)), {
        message: `MountVolume.SetUp failed for volume "v" : ${message}`,
      });
      const [kind, source] = Object.entries(volume)[0] ?? [];
      const optional = podOf({ [kind ?? '']: { ...source, optional: true } });
      await manager.setUp(optional);
      assert.deepEqual(
        (await readdir(pathOf(optional))).filter((name) => !name.startsWith('..')),
        [],
      );
    });
  }

  it('need the keys they name', async () => {
    configMaps['c'] = { data: {} };
    secrets['s'] = { data: {} };
    const items = [{ key: 'k', path: 'p' }];
    await assert.rejects(
      manager.setUp(podOf({ configMap: { name: 'c', items } })),
      /configmap references non-existent config key: k$/,
    );
    await assert.rejects(
      manager.setUp(podOf({ secret: { secretName: 's', items } })),
      /references non-existent secret key: k$/,
    );
  });

  it('never write a secret to disk: off tmpfs each gets one of its own', async () => {
    secrets['s'] = { data: { k: base64('hidden') } };
    const pod = podOf({ secret: { secretName: 's', defaultMode: 0o400 } });
    await manager.setUp(pod);
    assert.deepEqual([...mounted], []);
    assert.equal((await stat(join(pathOf(pod), 'k'))).mode & 0o777, 0o400);
    isOnTmpfs = false;
    await manager.setUp(pod);
    assert.deepEqual([...mounted.keys()], [pathOf(pod)]);
  });

  it('lay several sources together', async () => {
    configMaps['c'] = { data: { a: '1' } };
    secrets['s'] = { data: { b: base64('2') } };
    const sources = [
      { configMap: { name: 'c' } },
      { secret: { name: 's' } },
      { downwardAPI: { items: [{ path: 'me', fieldRef: { fieldPath: 'metadata.name' } }] } },
    ];
    const pod = podOf({ projected: { sources } });
    await manager.setUp(pod);
    const read = (name: string): Promise<string> => readFile(join(pathOf(pod), name), 'utf8');
    assert.deepEqual([await read('a'), await read('b'), await read('me')], ['1', '2', 'web']);
  });

  it('that cannot be had here are refused by name', async () => {
    await assert.rejects(manager.setUp(podOf({ nfs: { server: 's', path: '/p' } })), {
      message: 'MountVolume.SetUp failed for volume "v" : volume source nfs is not supported by Eliot',
    });
  });

  it('leave nothing behind', async () => {
    configMaps['c'] = { data: { a: '1' } };
    await manager.setUp(podOf({ emptyDir: {} }));
    await manager.setUp(podOf({ emptyDir: { medium: 'Memory' } }));
    await manager.setUp(podOf({ configMap: { name: 'c' } }));
    await manager.tearDown('u1');
    await manager.tearDown('u1');
    assert.equal(mounted.size, 0);
    assert.deepEqual(await readdir(join(dir, 'data/pods/u1')), []);
    assert.deepEqual(await readdir(join(dir, 'run/pods/u1')), []);
  });
});
