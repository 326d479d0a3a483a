/** kubectl 1.35 on objects: discovery, printing, creating, changing, deleting, waiting. */
import assert from 'node:assert/strict';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { shellPod, TestDevice } from '../../support/device.ts';

describe('kubectl 1.35 with the objects of a device', () => {
  let device: TestDevice;
  const kubectl = async (...args: string[]): Promise<string> => (await device.kubectlOk(args)).stdout;

  before(async () => {
    device = await TestDevice.start();
    await device.create(shellPod('web', 'echo started; sleep 3600', {}));
    await device.kubectlOk(['label', 'pod', 'web', 'app=web']);
    await device.waitForPhase('web', 'Running');
  });
  after(() => device?.close());

  it('version shows a server that says Eliot, with no skew warning', async () => {
    const { stdout, stderr } = await device.kubectlOk(['version']);
    assert.match(stdout, /Server Version: v1\.35\.\d+.*eliot/i);
    assert.equal(stderr, '');
  });

  it('api-resources lists every kind served', async () => {
    const lines = await kubectl('api-resources', '-o', 'wide');
    for (const [name, kind] of [
      ['pods', 'Pod'],
      ['nodes', 'Node'],
      ['namespaces', 'Namespace'],
      ['configmaps', 'ConfigMap'],
      ['secrets', 'Secret'],
      ['serviceaccounts', 'ServiceAccount'],
      ['events', 'Event'],
      ['leases', 'Lease'],
      ['replicationcontrollers', 'ReplicationController'],
    ]) {
      assert.match(lines, new RegExp(`^${name} .*\\b${kind}\\b`, 'm'));
    }
    assert.match(lines, /selfsubjectaccessreviews .*create/);
  });

  it('get prints the table of Kubernetes', async () => {
    const table = await kubectl('get', 'pods');
    assert.match(table, /^NAME +READY +STATUS +RESTARTS +AGE\nweb +1\/1 +Running +0 +\d+s\n$/);
  });

  it('get -o wide adds address and node', async () => {
    const table = await kubectl('get', 'pods', '-o', 'wide');
    assert.match(table, /^NAME +READY +STATUS +RESTARTS +AGE +IP +NODE +NOMINATED NODE +READINESS GATES\n/);
    assert.match(table, /web .* 10\.\d+\.\d+\.\d+ +device +<none> +<none>/);
  });

  it('get -o json, yaml, jsonpath, name and custom-columns give the object', async () => {
    const object = JSON.parse(await kubectl('get', 'pod', 'web', '-o', 'json')) as { kind: string; spec: object };
    assert.equal(object.kind, 'Pod');
    assert.match(await kubectl('get', 'pod', 'web', '-o', 'yaml'), /\n {2}restartPolicy: Always\n/);
    assert.equal(await kubectl('get', 'pods', '-o', 'jsonpath={.items[*].metadata.name}'), 'web');
    assert.equal(await kubectl('get', 'pods', '-o', 'name'), 'pod/web\n');
    assert.match(await kubectl('get', 'pods', '-o', 'custom-columns=N:.metadata.name'), /^N\nweb\n/);
  });

  it('get -A shows every namespace, -l and --field-selector choose', async () => {
    assert.match(await kubectl('get', 'namespaces', '-A'), /kube-system +Active/);
    assert.match(await kubectl('get', 'pods', '-A'), /^NAMESPACE .*\ndefault +web /);
    assert.match(await kubectl('get', 'pods', '-l', 'app=web'), /^NAME.*\nweb/);
    assert.match(await kubectl('get', 'pods', '-l', 'app in (web,other),!missing', '-o', 'name'), /pod\/web/);
    assert.equal(await kubectl('get', 'pods', '-l', 'app!=web', '-o', 'name'), '');
    assert.equal(await kubectl('get', 'pods', '--field-selector', 'status.phase=Running', '-o', 'name'), 'pod/web\n');
    assert.equal(await kubectl('get', 'pods', '--field-selector', 'spec.nodeName!=device', '-o', 'name'), '');
    assert.match(await kubectl('get', 'pods', '--show-labels', '--sort-by=.metadata.name'), /app=web/);
  });

  it('get -w follows a pod from pending to gone', async () => {
    const watch = device.kubectlBackground(['get', 'pods', '-w']);
    try {
      await watch.prints(/web/);
      await device.create(shellPod('watched', 'sleep 3600'));
      await watch.prints(/watched +1\/1 +Running/);
      await kubectl('delete', 'pod', 'watched', '--now');
      await watch.prints(/watched +\d\/1 +Terminating/);
    } finally {
      await watch.stop();
    }
  });

  it('get in chunks gives every object once', async () => {
    for (let index = 0; index < 5; index += 1) await kubectl('create', 'configmap', `chunk-${index}`);
    const names = await kubectl('get', 'configmaps', '--chunk-size=2', '-o', 'name');
    assert.equal(
      names
        .trim()
        .split('\n')
        .filter((name) => name.includes('chunk-')).length,
      5,
    );
  });

  it('describe pod tells containers, conditions and events', async () => {
    const text = await kubectl('describe', 'pod', 'web');
    for (const line of [
      /^Name: +web$/m,
      /^Node: +device/m,
      /State: +Running/,
      /Ready +True/,
      /QoS Class: +BestEffort/,
    ]) {
      assert.match(text, line);
    }
    assert.match(text, /Normal +Created/);
    assert.match(text, /Normal +Started/);
  });

  it('describe node tells capacity, conditions and its pods', async () => {
    const text = await kubectl('describe', 'node', 'device');
    assert.match(text, /^Name: +device$/m);
    assert.match(text, /Ready +True .*KubeletReady/);
    assert.match(text, /Container Runtime Version: +containerd:\/\/1\./);
    assert.match(text, /default +web/);
    assert.match(text, /HolderIdentity: +device/);
  });

  it('create -f makes objects, and says which exist already', async () => {
    const file = join(device.directory, 'pod.json');
    writeFileSync(file, JSON.stringify(shellPod('from-file', 'true', { restartPolicy: 'Never' })));
    assert.equal(await kubectl('create', '-f', file), 'pod/from-file created\n');
    const again = await device.kubectl(['create', '-f', file]);
    assert.equal(again.exitCode, 1);
    assert.match(again.stderr, /Error from server \(AlreadyExists\).*pods "from-file" already exists/);
  });

  it('create configmap, secret and namespace work by protobuf', async () => {
    assert.match(await kubectl('create', 'configmap', 'settings', '--from-literal=colour=blue'), /created/);
    assert.equal(await kubectl('get', 'configmap', 'settings', '-o', 'jsonpath={.data.colour}'), 'blue');
    await kubectl('create', 'secret', 'generic', 'login', '--from-literal=password=s3cret');
    assert.equal(await kubectl('get', 'secret', 'login', '-o', 'jsonpath={.data.password}'), 'czNjcmV0');
    assert.equal(await kubectl('create', 'namespace', 'made'), 'namespace/made created\n');
    await kubectl('create', 'serviceaccount', 'robot');
    assert.equal(await kubectl('get', 'ns', 'made', '-o', 'jsonpath={.status.phase}'), 'Active');
  });

  it('delete namespace removes what is in it first', async () => {
    await kubectl('create', 'namespace', 'doomed');
    await kubectl('create', 'configmap', 'inside', '-n', 'doomed');
    await kubectl('delete', 'namespace', 'doomed', '--timeout=20s');
    const gone = await device.kubectl(['get', 'namespace', 'doomed']);
    assert.match(gone.stderr, /\(NotFound\).*namespaces "doomed" not found/);
  });

  it('apply creates, changes and leaves unchanged', async () => {
    const manifest = (colour: string): string =>
      JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'applied' }, data: { colour } });
    const apply = async (colour: string): Promise<string> =>
      (await device.kubectlOk(['apply', '-f', '-'], { input: manifest(colour) })).stdout;
    assert.equal(await apply('red'), 'configmap/applied created\n');
    assert.equal(await apply('red'), 'configmap/applied unchanged\n');
    assert.equal(await apply('green'), 'configmap/applied configured\n');
    assert.equal(await kubectl('get', 'cm', 'applied', '-o', 'jsonpath={.data}'), '{"colour":"green"}');
    const dry = await device.kubectlOk(['apply', '--dry-run=server', '-f', '-'], { input: manifest('dry') });
    assert.match(dry.stdout, /configured \(server dry run\)/);
    assert.equal(await kubectl('get', 'cm', 'applied', '-o', 'jsonpath={.data.colour}'), 'green');
  });

  it('edit changes the object by the editor', async () => {
    const editor = join(device.directory, 'editor.sh');
    writeFileSync(editor, '#!/bin/sh\nsed -i "s/colour: .*/colour: edited/" "$1"\n');
    chmodSync(editor, 0o755);
    await kubectl('create', 'configmap', 'edited', '--from-literal=colour=none');
    await device.kubectlOk(['edit', 'configmap', 'edited'], { env: { KUBE_EDITOR: editor } });
    assert.equal(await kubectl('get', 'cm', 'edited', '-o', 'jsonpath={.data.colour}'), 'edited');
  });

  it('patch works as strategic, merge and JSON patch', async () => {
    const annotation = async (): Promise<string> =>
      kubectl('get', 'pod', 'web', '-o', 'jsonpath={.metadata.annotations.by}');
    await kubectl('patch', 'pod', 'web', '-p', '{"metadata":{"annotations":{"by":"strategic"}}}');
    assert.equal(await annotation(), 'strategic');
    await kubectl('patch', 'pod', 'web', '--type=merge', '-p', '{"metadata":{"annotations":{"by":"merge"}}}');
    assert.equal(await annotation(), 'merge');
    await kubectl(
      'patch',
      'pod',
      'web',
      '--type=json',
      '-p',
      '[{"op":"replace","path":"/metadata/annotations/by","value":"json"}]',
    );
    assert.equal(await annotation(), 'json');
    const refused = await device.kubectl(['patch', 'pod', 'web', '-p', '{"spec":{"restartPolicy":"Never"}}']);
    assert.match(
      refused.stderr,
      /The Pod "web" is invalid: spec: Forbidden: pod updates may not change fields other than/,
    );
  });

  it('label and annotate set, refuse to overwrite, and remove', async () => {
    assert.match(await kubectl('label', 'cm', 'settings', 'tier=a'), /labeled/);
    assert.equal((await device.kubectl(['label', 'cm', 'settings', 'tier=b'])).exitCode, 1);
    await kubectl('label', 'cm', 'settings', 'tier=b', '--overwrite');
    assert.equal(await kubectl('get', 'cm', '-l', 'tier=b', '-o', 'name'), 'configmap/settings\n');
    await kubectl('label', 'cm', 'settings', 'tier-');
    assert.equal(await kubectl('get', 'cm', '-l', 'tier', '-o', 'name'), '');
    await kubectl('annotate', 'cm', 'settings', 'note=x');
    assert.equal(await kubectl('get', 'cm', 'settings', '-o', 'jsonpath={.metadata.annotations.note}'), 'x');
  });

  it('delete honours grace, --force and -l', async () => {
    await device.create(
      shellPod('slow', 'trap "" TERM; echo up; while true; do sleep 1; done', { terminationGracePeriodSeconds: 60 }),
    );
    await device.create(shellPod('forced', 'sleep 3600', { terminationGracePeriodSeconds: 60 }));
    await device.waitForPhase('slow', 'Running');
    await device.waitForPhase('forced', 'Running');
    const startedMs = performance.now();
    await kubectl('delete', 'pod', 'slow', '--grace-period=2');
    const tookMs = performance.now() - startedMs;
    assert.ok(tookMs >= 1_900 && tookMs < 15_000, `the pod that ignores SIGTERM took ${tookMs} ms with a grace of 2 s`);
    await kubectl('delete', 'pod', 'forced', '--force', '--grace-period=0');
    assert.equal((await device.kubectl(['get', 'pod', 'forced'])).exitCode, 1);
    await kubectl('create', 'configmap', 'labelled-1');
    await kubectl('label', 'cm', 'labelled-1', 'sweep=yes');
    assert.match(await kubectl('delete', 'cm', '-l', 'sweep=yes'), /configmap "labelled-1" deleted/);
    assert.match((await device.kubectl(['delete', 'cm', 'nope'])).stderr, /\(NotFound\).*configmaps "nope" not found/);
  });

  it('wait ends on a condition, a jsonpath and a deletion', async () => {
    await device.create(shellPod('waited', 'sleep 3600'));
    await kubectl('wait', '--for=condition=Ready', 'pod/waited', '--timeout=20s');
    await kubectl('wait', '--for=jsonpath={.status.phase}=Running', 'pod/waited', '--timeout=20s');
    const waiting = device.kubectlBackground(['wait', '--for=delete', 'pod/waited', '--timeout=20s']);
    await kubectl('delete', 'pod', 'waited', '--now', '--wait=false');
    assert.equal(await waiting.ended(), 0);
  });

  it('run makes a pod, and events tells what happened to it', async () => {
    await kubectl('run', 'ran', '--image=eliot.test/busybox:1', '--restart=Never', '--', 'sh', '-c', 'echo from run');
    await device.waitForPhase('ran', 'Succeeded');
    assert.equal(await kubectl('logs', 'ran'), 'from run\n');
    assert.match(await kubectl('events', '--for', 'pod/ran'), /Started/);
    assert.match(await kubectl('get', 'events'), /pod\/ran/);
    const attached = await device.kubectlOk(
      [
        'run',
        'echoed',
        '-i',
        '--rm',
        '--restart=Never',
        '--image=eliot.test/busybox:1',
        '--',
        'sh',
        '-c',
        'read line; echo got $line',
      ],
      { input: 'hello\n' },
    );
    assert.match(attached.stdout, /got hello/);
  });

  it('auth whoami and can-i answer', async () => {
    assert.match(await kubectl('auth', 'whoami'), /Username +eliot-admin[\s\S]*system:masters/);
    assert.equal(await kubectl('auth', 'can-i', 'delete', 'pods'), 'yes\n');
    assert.match(await kubectl('auth', 'can-i', '--list'), /\*\.\*/);
  });

  it('cluster-info dump and an empty list of replication controllers work', async () => {
    assert.match((await device.kubectlOk(['get', 'rc'])).stderr, /No resources found/);
    await kubectl('cluster-info', 'dump', '--output-directory', join(device.directory, 'dump')).catch(
      (error: Error) => {
        // Kinds of later issues (services) are not served yet; the dump names the first of them.
        assert.match(error.message, /could not find the requested resource|doesn't have a resource type/);
      },
    );
  });
});
