/** `eli edit` against the real API server, with scripts as editors; the words are those of kubectl 1.35. */
import assert from 'node:assert/strict';
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { KubeObject } from '../../api/meta.ts';
import { configMaps, deployments } from '../../api/resources.ts';
import { type EliResult, eli } from '../../testing/eli-runner.ts';
import { LocalDevice } from '../../testing/local-device.ts';

describe('edit', () => {
  let device: LocalDevice;
  let temporary: string;
  let count = 0;

  before(async () => {
    device = await LocalDevice.start();
    const labels = { app: 'web' };
    await device.client.create<KubeObject>(deployments, {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', namespace: 'default', labels },
      spec: {
        replicas: 1,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [{ name: 'main', image: 'x:1' }] } },
      },
    });
  });
  after(() => device.close());
  beforeEach(async () => {
    temporary = join(device.directory, `edits-${count++}`);
    await mkdir(temporary);
    for (const name of ['one', 'two']) {
      const key = { namespace: 'default', name };
      await device.client.delete(configMaps, key).catch(() => {});
      const metadata = { name, namespace: 'default' };
      await device.client.create(configMaps, {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata,
        data: { a: '1', b: '2' },
      });
    }
  });

  /** Runs `script` as editor: it finds the file in $1, and in $n how often it was called. */
  async function edit(args: string, script: string): Promise<EliResult> {
    const editor = join(temporary, 'editor');
    const counter = join(temporary, 'count');
    await writeFile(
      editor,
      `#!/bin/sh\nn=$(($(cat ${counter} 2>/dev/null || echo 0) + 1)); echo $n > ${counter}\n${script}\n`,
    );
    await chmod(editor, 0o755);
    const env = { ELIOT_RUN_DIR: device.runDirectory, EDITOR: editor, TMPDIR: temporary };
    return await eli(['edit', ...args.split(' ')], { env });
  }

  const dataOf = async (name: string): Promise<unknown> =>
    (await device.client.get<KubeObject>(configMaps, { namespace: 'default', name }))['data'];
  const kept = async (): Promise<string[]> => (await readdir(temporary)).filter((name) => name.startsWith('eli-edit-'));

  it('saves what was changed, and removes what was removed', async () => {
    const { exitCode, stdout, stderr } = await edit('cm/one', `sed -i 's/a: "1"/a: "9"/; /b: "2"/d' "$1"`);
    assert.deepEqual([exitCode, stdout, stderr], [0, 'configmap/one edited\n', '']);
    assert.deepEqual(await dataOf('one'), { a: '9' });
    assert.deepEqual(await kept(), []);
  });

  it('shows the object below a remark, without managed fields', async () => {
    await edit('cm one', `cp "$1" ${temporary}/seen`);
    const seen = await readFile(join(temporary, 'seen'), 'utf8');
    assert.match(seen, /^# Please edit the object below\..*\n#.*\n#.*\n#\napiVersion: v1\ndata:\n {2}a: "1"\n/);
    assert.doesNotMatch(seen, /managedFields/);
    await edit('cm one -o json', `cp "$1" ${temporary}/seen.json`);
    assert.equal(JSON.parse(await readFile(join(temporary, 'seen.json'), 'utf8')).kind, 'ConfigMap');
  });

  it('edits several in one file, and skips those that were left as they are', async () => {
    const { exitCode, stdout } = await edit('cm one two', `sed -i '0,/a: "1"/s//a: "7"/' "$1"`);
    assert.deepEqual([exitCode, stdout], [0, 'configmap/one edited\nconfigmap/two skipped\n']);
    assert.deepEqual(
      [await dataOf('one'), await dataOf('two')],
      [
        { a: '7', b: '2' },
        { a: '1', b: '2' },
      ],
    );
  });

  it('merges lists by their keys', async () => {
    const { stdout } = await edit('deploy/web --output-patch', `sed -i 's/image: x:1/image: x:2/' "$1"`);
    assert.match(stdout, /^Patch: \{"spec":\{"template":\{"spec":\{.*"containers":\[\{"image":"x:2","name":"main"\}\]/);
    assert.match(stdout, /\ndeployment\.apps\/web edited\n$/);
  });

  for (const { why, script, complains } of [
    { why: 'nothing was changed', script: 'true', complains: 'Edit cancelled, no changes made.\n' },
    { why: 'the file is empty', script: ': > "$1"', complains: 'Edit cancelled, saved file was empty.\n' },
    {
      why: 'only comments are left',
      script: 'echo "# x" > "$1"',
      complains: 'Edit cancelled, saved file was empty.\n',
    },
  ]) {
    it(`changes nothing when ${why}`, async () => {
      const { exitCode, stdout, stderr } = await edit('cm/one', script);
      assert.deepEqual([exitCode, stdout, stderr], [0, '', complains]);
      assert.deepEqual(await kept(), []);
    });
  }

  it('opens the file again with the reason, until it is accepted', async () => {
    const bad = `sed -i 's/replicas: 1/replicas: -4/' "$1"`;
    const good = `cp "$1" ${temporary}/again; sed -i 's/replicas: -4/replicas: 2/' "$1"`;
    const { exitCode, stdout, stderr } = await edit('deploy/web', `if [ $n = 1 ]; then ${bad}; else ${good}; fi`);
    assert.deepEqual([exitCode, stdout], [0, 'deployment.apps/web edited\n']);
    assert.equal(stderr, 'error: deployments.apps "web" is invalid\n');
    const again = await readFile(join(temporary, 'again'), 'utf8');
    assert.match(again, /\n# deployments\.apps "web" was not valid:\n# \* spec\.replicas: Invalid value: -4: .*\n#\n/);
    assert.match(again, /replicas: -4/);
    assert.deepEqual(await kept(), []);
  });

  it('opens it again at a field that there is not, and at a syntax error', async () => {
    const script = `case $n in
      1) sed -i 's/^data:/dta:/' "$1";;
      2) cp "$1" ${temporary}/second; echo 'x: [' >> "$1";;
      3) cp "$1" ${temporary}/third; sed -i '/x: \\[/d; s/^dta:/data:/; s/a: "1"/a: "5"/' "$1";;
    esac`;
    const { exitCode, stdout } = await edit('cm/one', script);
    assert.deepEqual([exitCode, stdout], [0, 'configmap/one edited\n']);
    assert.match(
      await readFile(join(temporary, 'second'), 'utf8'),
      /# configmaps "one" was not valid:\n# \* .*unknown field "dta"/,
    );
    assert.match(
      await readFile(join(temporary, 'third'), 'utf8'),
      /# The edited file had a syntax error: .*:\d+:\d+: /,
    );
    assert.deepEqual(await dataOf('one'), { a: '5', b: '2' });
  });

  it('gives up, and keeps the file, when a refused one is saved as it is', async () => {
    const { exitCode, stderr } = await edit('deploy/web', `sed -i 's/replicas: [0-9]*$/replicas: -4/' "$1"`);
    assert.equal(exitCode, 1);
    const [name] = await kept();
    assert.match(
      stderr,
      new RegExp(
        `^error: .* is invalid\nA copy of your changes has been stored to "${temporary}/${name}"\nerror: Edit cancelled, no valid changes were saved\\.\n$`,
      ),
    );
    assert.match(await readFile(join(temporary, name ?? ''), 'utf8'), /replicas: -4/);
  });

  for (const { what, args, script, complains } of [
    {
      what: 'another name',
      args: 'cm/one',
      script: `sed -i 's/name: one/name: other/' "$1"`,
      complains: /^A copy of .*\nerror: At least one of apiVersion, kind and name was changed\n$/,
    },
    {
      what: 'an object that is gone',
      args: 'cm/one',
      script: 'gone "$1"',
      complains:
        /^error: configmaps "one" could not be found on the server\nA copy of your changes has been stored to /,
    },
    {
      what: 'an editor that fails',
      args: 'cm/one',
      script: 'exit 3',
      complains: /^error: there was a problem with the editor ".*\/editor"\n/,
    },
    {
      what: 'no object',
      args: 'cm -l app=none',
      script: 'true',
      complains: /^error: edit cancelled, no objects found\n$/,
    },
    {
      what: 'an output that is none',
      args: 'cm/one -o wide',
      script: 'true',
      complains: /^error: The flag 'output' must be one of yaml\|json\n$/,
    },
  ]) {
    it(`fails with ${what}`, async () => {
      const socket = join(device.runDirectory, 'eliotd.sock');
      const remove = `curl -s -X DELETE --unix-socket ${socket} http://x/api/v1/namespaces/default/configmaps/one >/dev/null; sed -i 's/a: "1"/a: "3"/' "$1"`;
      const { exitCode, stderr } = await edit(args, script.replace('gone "$1"', remove));
      assert.equal(exitCode, 1);
      assert.match(stderr, complains);
    });
  }

  it('says that there is no such editor', async () => {
    const env = { ELIOT_RUN_DIR: device.runDirectory, EDITOR: '/nonexistent/editor', TMPDIR: temporary };
    const { exitCode, stderr } = await eli(['edit', 'cm/one'], { env });
    assert.equal(exitCode, 1);
    assert.match(stderr, /^error: unable to launch the editor "\/nonexistent\/editor"\n/);
    assert.deepEqual(await kept(), []);
  });
});
