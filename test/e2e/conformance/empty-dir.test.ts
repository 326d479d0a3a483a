/** Conformance: emptyDir and sub-paths. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Pod } from '../../../src/api/kinds/pod/types.ts';
import { configMaps, pods, secrets } from '../../../src/api/resources.ts';
import { testImage } from '../../support/device.ts';
import { projected } from '../../support/file-volume-kinds.ts';
import { ScenarioDevice } from '../../support/scenario-device.ts';
import { waitFor } from '../../support/wait.ts';

describe('conformance: emptyDir and sub-paths', { concurrency: 4 }, () => {
  let on: ScenarioDevice;
  const host = (): string => join(on.device.directory, 'host');
  before(async () => {
    on = await ScenarioDevice.start();
    mkdirSync(join(host(), 'dir'), { recursive: true });
    writeFileSync(join(host(), 'dir/inside'), 'text');
  });
  after(() => on?.close());

  it('emptydir/shared-between-containers: what one container writes another one reads', async () => {
    const mount = { image: testImage, volumeMounts: [{ name: 'shared', mountPath: '/shared' }] };
    const write = {
      name: 'writes',
      ...mount,
      command: ['sh', '-c', 'echo hello > /shared/t; mv /shared/t /shared/file'],
    };
    const read = 'until cat /shared/file 2>/dev/null; do sleep 0.1; done';
    const name = await on.create({
      spec: {
        volumes: [{ name: 'shared', emptyDir: {} }],
        containers: [write, { name: 'reads', ...mount, command: ['sh', '-c', read] }],
      },
    });
    await on.until(name, 'its end', ({ status }) => status.phase === 'Succeeded');
    assert.equal(await on.logs(name, 'reads'), 'hello\n');
    await on.delete(name);
  });

  const mediums = [
    { medium: 'default', emptyDir: {}, isTmpfs: false },
    { medium: 'tmpfs', emptyDir: { medium: 'Memory' }, isTmpfs: true },
  ];
  const typeOf = 'grep -c "^tmpfs /v tmpfs" /proc/mounts; true';

  for (const { medium, emptyDir, isTmpfs } of mediums) {
    it(`emptydir/mode-${medium}: the root of the volume has mode 0777`, async () => {
      const printed = await on.output({ volumes: { v: { emptyDir } }, line: `stat -c %a /v; ${typeOf}` });
      assert.equal(printed, `777\n${isTmpfs ? 1 : 0}\n`);
    });

    for (const { user, securityContext, uid } of [
      { user: 'root', securityContext: {}, uid: 0 },
      { user: 'nonroot', securityContext: { runAsUser: 1001 }, uid: 1001 },
    ]) {
      for (const mode of ['0644', '0666', '0777']) {
        it(`emptydir/${user}-${mode}-${medium}: ${user} makes a file of mode ${mode} on ${medium}`, async () => {
          const line = `umask 0; echo content > /v/file; chmod ${mode} /v/file; stat -c "%a %u" /v/file; cat /v/file; ${typeOf}`;
          const printed = await on.output({ volumes: { v: { emptyDir } }, spec: { securityContext }, line });
          assert.equal(printed, `${Number(mode)} ${uid}\ncontent\n${isTmpfs ? 1 : 0}\n`);
        });
      }
    }
  }

  /** A volume with one file `key` of this text. */
  const sources = [
    {
      kind: 'configmap',
      make: async (text: string) => ({ configMap: { name: await on.configMap({ key: text }) } }),
    },
    {
      kind: 'secret',
      make: async (text: string) => ({ secret: { secretName: await on.secret({ key: text }) } }),
    },
    {
      kind: 'downward',
      make: async () => ({
        downwardAPI: { items: [{ path: 'key', fieldRef: { fieldPath: "metadata.labels['text']" } }] },
      }),
    },
    {
      kind: 'projected',
      make: async (text: string) => projected([{ configMap: { name: await on.configMap({ key: text }) } }]),
    },
  ];
  for (const { kind, make } of sources) {
    it(`subpath/${kind}: one file of the volume is mounted, and outlives a restart of the container and a rewrite`, async () => {
      const source = await make('one');
      const idea = {
        metadata: { labels: { text: 'one' } },
        spec: { restartPolicy: 'Always', volumes: [{ name: 'v', ...source }] },
        container: {
          volumeMounts: [
            { name: 'v', mountPath: '/here/file', subPath: 'key' },
            { name: 'v', mountPath: '/whole' },
          ],
        },
        line: 'trap "exit 0" TERM; sleep 3600 & wait',
      };
      const name = await on.running(idea);
      assert.equal(await on.exec(name, 'cat /here/file; ls /here'), 'onefile\n');

      await rewrite(name, source, 'two');
      await on.prints(name, 'cat /whole/key', 'two');
      // As Kubernetes documents: a sub-path keeps what was there when the container started.
      assert.equal(await on.exec(name, 'cat /here/file'), 'one');

      await on.exec(name, 'kill 1').catch(() => {});
      const restarts = await on.until(name, 'restarted', ({ status }) => {
        const [main] = status.containerStatuses ?? [];
        return main?.restartCount === 1 && main.state?.running !== undefined;
      });
      assert.equal(restarts.status.phase, 'Running');
      assert.equal(await on.exec(name, 'cat /here/file'), 'two');
      await on.delete(name);
    });
  }

  /** Changes what the volume's file says. */
  async function rewrite(pod: string, source: object, text: string): Promise<void> {
    const json = JSON.stringify(source);
    const name = /"(?:secretName|name)":"(object-\d+)"/.exec(json)?.[1];
    if (name === undefined) await on.patch(pods, pod, { metadata: { labels: { text } } });
    else if (json.includes('secretName')) await on.patch(secrets, name, { stringData: { key: text } });
    else await on.patch(configMaps, name, { data: { key: text } });
  }

  it('subpath/configmap-over-existing-file: a file of the volume covers one of the image', async () => {
    const name = await on.configMap({ group: 'from the map\n' });
    const printed = await on.output({
      spec: { volumes: [{ name: 'v', configMap: { name } }] },
      container: { volumeMounts: [{ name: 'v', mountPath: '/etc/group', subPath: 'group' }] },
      line: 'cat /etc/group; wc -l < /etc/passwd',
    });
    assert.match(printed, /^from the map\n[1-9]/);
  });

  it('a sub-path that a link leads out of the volume is refused, and mounted once it is mended', async () => {
    const work = { name: 'work', image: testImage, volumeMounts: [{ name: 'v', mountPath: '/v' }] };
    const main = { name: 'main', image: testImage, command: ['sh', '-c', 'ls /here; exec sleep 3600'] };
    const name = await on.create({
      spec: {
        volumes: [{ name: 'v', emptyDir: {} }],
        initContainers: [{ ...work, name: 'link', command: ['ln', '-s', '../../../../..', '/v/part'] }],
        containers: [
          { ...work, command: ['sleep', '3600'] },
          { ...main, volumeMounts: [{ name: 'v', mountPath: '/here', subPath: 'part' }] },
        ],
      },
    });
    const waiting = await on.until(name, 'refused', ({ status }) => mainState(status)?.waiting?.message !== undefined);
    assert.deepEqual(mainState(waiting.status)?.waiting, {
      reason: 'CreateContainerConfigError',
      message: 'failed to prepare subPath for volumeMount "v" of container "main"',
    });
    await on.exec(name, 'rm /v/part; mkdir /v/part; touch /v/part/inside', 'work');
    await on.until(name, 'running', ({ status }) => mainState(status)?.running !== undefined);
    assert.equal(await on.logs(name, 'main'), 'inside\n');
    await on.delete(name);
  });

  it('a sub-path that is made has the mode of its volume, so that another user can write there', async () => {
    const printed = await on.output({
      spec: { volumes: [{ name: 'v', emptyDir: {} }], securityContext: { runAsUser: 1000, fsGroup: 2000 } },
      container: { volumeMounts: [{ name: 'v', mountPath: '/here', subPath: 'a/b' }] },
      line: 'stat -c "%a %g" /here; touch /here/file; stat -c "%u %g" /here/file',
    });
    assert.equal(printed, '2777 2000\n1000 2000\n');
  });

  it('sizeLimit is the size of a volume in memory', async () => {
    const printed = await on.output({
      volumes: { v: { emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } } },
      line: 'dd if=/dev/zero of=/v/big bs=64k count=32 2>&1 | grep -o "No space left on device"; stat -c %s /v/big',
    });
    assert.equal(printed, `No space left on device\n${2 ** 20}\n`);
  });

  for (const { type, path, look, expected } of [
    { type: 'DirectoryOrCreate', path: 'made', look: 'stat -c "%F %a" /v', expected: 'directory 755\n' },
    { type: 'FileOrCreate', path: 'made-file', look: 'stat -c "%F %a" /v', expected: 'regular empty file 644\n' },
    { type: 'Directory', path: 'dir', look: 'ls /v', expected: 'inside\n' },
    { type: 'File', path: 'dir/inside', look: 'cat /v', expected: 'text' },
    { type: 'CharDevice', path: '/dev/null', look: 'stat -c %F /v', expected: 'character special file\n' },
    { type: '', path: 'missing', look: 'stat -c %F /v', expected: 'directory\n' },
  ]) {
    it(`a hostPath of type "${type}" is mounted`, async () => {
      const hostPath = { type, path: path.startsWith('/') ? path : join(host(), path) };
      assert.equal(await on.output({ volumes: { v: { hostPath } }, line: look }), expected);
    });
  }

  for (const { type, path, words } of [
    { type: 'Directory', path: 'dir/inside', words: 'a directory' },
    { type: 'Directory', path: 'none', words: 'a directory' },
    { type: 'File', path: 'dir', words: 'a file' },
    { type: 'Socket', path: 'dir', words: 'a socket file' },
    { type: 'BlockDevice', path: '/dev/null', words: 'a block device' },
  ]) {
    it(`a hostPath of type ${type} that is not ${words} keeps the pod waiting (${path})`, async () => {
      const hostPath = { type, path: path.startsWith('/') ? path : join(host(), path) };
      const name = await on.create({ volumes: { v: { hostPath } }, line: 'true' });
      await waitFor('FailedMount', async () => {
        const { stdout } = await on.device.kubectlOk([
          'get',
          'events',
          '--field-selector',
          `involvedObject.name=${name}`,
        ]);
        return stdout.includes(
          `MountVolume.SetUp failed for volume "v" : hostPath type check failed: ${hostPath.path} is not ${words}`,
        );
      });
      assert.equal((await on.pod(name)).status.phase, 'Pending');
      await on.delete(name);
    });
  }
});

/** The state of the container `main`. */
function mainState({ containerStatuses = [] }: Pod['status']) {
  return containerStatuses.find(({ name }) => name === 'main')?.state;
}
