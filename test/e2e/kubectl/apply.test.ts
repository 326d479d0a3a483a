/** kubectl 1.35 applying: on either side and mixed, diff, prune, dry run, replace, edit. */
import assert from 'node:assert/strict';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { CommandResult } from '../../support/command.ts';
import { shellPod, TestDevice } from '../../support/device.ts';

type Data = Readonly<Record<string, string>>;

function configMap(name: string, data: Data, metadata: object = {}): string {
  return JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, ...metadata }, data });
}

function deployment(name: string, image: string, spec: object = {}): string {
  const labels = { app: name };
  const template = { metadata: { labels }, spec: { containers: [{ name: 'main', image, imagePullPolicy: 'Never' }] } };
  return JSON.stringify({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: { replicas: 0, selector: { matchLabels: labels }, template, ...spec },
  });
}

describe('kubectl 1.35 applying', { concurrency: 4 }, () => {
  let device: TestDevice;
  before(async () => {
    device = await TestDevice.start({ image: false });
  });
  after(() => device?.close());

  const ok = async (args: readonly string[], input?: string): Promise<string> => {
    const { stdout, stderr } = await device.kubectlOk(args, input === undefined ? {} : { input });
    assert.equal(stderr, '');
    return stdout;
  };
  const run = (args: readonly string[], input: string, env: Record<string, string> = {}): Promise<CommandResult> =>
    device.kubectl(args, { input, env });
  const apply = (input: string, ...more: string[]): Promise<string> => ok(['apply', '-f', '-', ...more], input);
  const onServer = (input: string, ...more: string[]): Promise<string> => apply(input, '--server-side', ...more);
  const dataOf = async (name: string): Promise<unknown> =>
    JSON.parse(await ok(['get', 'configmap', name, '-o', 'jsonpath={.data}']));
  const versionOf = (kind: string, name: string): Promise<string> =>
    ok(['get', kind, name, '-o', 'jsonpath={.metadata.resourceVersion}']);
  const managersOf = async (name: string): Promise<readonly string[]> => {
    const path = 'jsonpath={range .metadata.managedFields[*]}{.manager}/{.operation}{"\\n"}{end}';
    return (await ok(['get', 'configmap', name, '--show-managed-fields', '-o', path])).trim().split('\n').sort();
  };

  describe('on the server side', () => {
    it('creates, changes and leaves alone, without a new version when nothing changes', async () => {
      assert.equal(await onServer(configMap('s1', { a: '1', b: '1' })), 'configmap/s1 serverside-applied\n');
      const version = await versionOf('configmap', 's1');
      await onServer(configMap('s1', { a: '1', b: '1' }));
      assert.equal(await versionOf('configmap', 's1'), version);
      await onServer(configMap('s1', { a: '2' }));
      assert.deepEqual(await dataOf('s1'), { a: '2' });
    });

    it('names who is in the way, and takes over by force', async () => {
      await onServer(configMap('s2', { a: '1' }));
      await ok(['patch', 'configmap', 's2', '--type=merge', '-p', '{"data":{"a":"theirs"}}']);
      const { exitCode, stderr } = await run(['apply', '--server-side', '-f', '-'], configMap('s2', { a: '2' }));
      assert.equal(exitCode, 1);
      assert.match(stderr, /^error: Apply failed with 1 conflict: conflict with "kubectl-patch" using v1: \.data\.a\n/);
      assert.match(stderr, /--force-conflicts/);
      await onServer(configMap('s2', { a: '2' }), '--force-conflicts');
      assert.deepEqual(await dataOf('s2'), { a: '2' });
    });

    it('shares what several managers say', async () => {
      await onServer(configMap('s3', { a: '1', b: '1' }), '--field-manager=one');
      await onServer(configMap('s3', { a: '1' }), '--field-manager=two');
      await onServer(configMap('s3', { b: '1' }), '--field-manager=one');
      assert.deepEqual(await dataOf('s3'), { a: '1', b: '1' });
      await onServer(configMap('s3', {}), '--field-manager=two');
      assert.deepEqual(await dataOf('s3'), { b: '1' });
    });

    it('takes over from a client-side apply, and lets go of what is no longer named', async () => {
      await apply(configMap('s4', { a: '1', b: '1' }));
      await onServer(configMap('s4', { a: '2' }));
      assert.deepEqual(await dataOf('s4'), { a: '2' });
      assert.ok((await managersOf('s4')).includes('kubectl/Apply'));
      assert.ok(!(await managersOf('s4')).includes('kubectl-client-side-apply/Update'));
      // And back again: the annotation says what was applied last.
      assert.equal(await apply(configMap('s4', { c: '1' })), 'configmap/s4 configured\n');
      assert.deepEqual(await dataOf('s4'), { c: '1' });
    });

    it('keeps a pod as it is, and refuses what a pod cannot become', async () => {
      const pod = (line: string): string => JSON.stringify(shellPod('s5', line, { nodeSelector: { no: 'such' } }));
      await onServer(pod('true'));
      const version = await versionOf('pod', 's5');
      await onServer(pod('true'));
      assert.equal(await versionOf('pod', 's5'), version);
      const { exitCode, stderr } = await run(['apply', '--server-side', '-f', '-'], pod('false'));
      assert.equal(exitCode, 1);
      assert.match(stderr, /^The Pod "s5" is invalid: spec: Forbidden: pod updates may not change fields/);
      await ok(['delete', 'pod', 's5', '--now']);
    });

    it('leaves the replicas to whoever scales, when it does not name them', async () => {
      const { replicas: _, ...spec } = (JSON.parse(deployment('s6', 'x')) as { spec: { replicas: number } }).spec;
      const manifest = (image: string): string => {
        const made = JSON.parse(deployment('s6', image)) as { spec: { template: object } };
        return JSON.stringify({ ...made, spec: { ...spec, template: made.spec.template, paused: true } });
      };
      await onServer(manifest('x:1'));
      await ok(['scale', 'deployment', 's6', '--replicas=0']);
      await onServer(manifest('x:2'));
      assert.equal(await ok(['get', 'deployment', 's6', '-o', 'jsonpath={.spec.replicas}']), '0');
    });

    it('says what is wrong with a manifest', async () => {
      for (const { input, says } of [
        {
          input: '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"generateName":"x-"}}',
          says: /cannot use generate name/,
        },
        {
          input: '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x","managedFields":[]}}',
          says: /metadata\.managedFields must be nil/,
        },
        {
          input: '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"},"dta":{}}',
          says: /failed to create typed patch object \(default\/x; \/v1, Kind=ConfigMap\): \.dta: field not declared in schema/,
        },
      ]) {
        const { exitCode, stderr } = await run(['apply', '--server-side', '-f', '-'], input);
        assert.equal(exitCode, 1);
        assert.match(stderr, says);
      }
    });

    it('under --dry-run=server stores nothing', async () => {
      assert.equal(
        await onServer(configMap('s7', { a: '1' }), '--dry-run=server'),
        'configmap/s7 serverside-applied (server dry run)\n',
      );
      assert.equal(await ok(['get', 'configmap', 's7', '--ignore-not-found']), '');
      await onServer(configMap('s7', { a: '1' }));
      const object = await onServer(configMap('s7', { a: '2' }), '--dry-run=server', '-o', 'jsonpath={.data.a}');
      assert.equal(object, '2');
      assert.deepEqual(await dataOf('s7'), { a: '1' });
    });
  });

  describe('diff', () => {
    it('kubectl/diff-deployment: shows what apply would change in a Deployment, and changes nothing', async () => {
      await apply(deployment('d1', 'x:1'));
      const version = await versionOf('deployment', 'd1');
      for (const side of ['--server-side=false', '--server-side=true']) {
        const { exitCode, stdout } = await run(['diff', side, '-f', '-'], deployment('d1', 'x:2'));
        assert.equal(exitCode, 1, side);
        assert.match(stdout, /\n- +image: x:1\n\+ +image: x:2\n|\n- {6}- image: x:1\n\+ {6}- image: x:2\n/);
      }
      assert.equal(await versionOf('deployment', 'd1'), version);
    });

    it('says nothing when nothing differs, on either side', async () => {
      await apply(deployment('d2', 'x:1'));
      assert.equal(await ok(['diff', '-f', '-'], deployment('d2', 'x:1')), '');
      assert.equal(await ok(['diff', '--server-side', '-f', '-'], deployment('d2', 'x:1')), '');
    });

    it('shows an object that is not there yet as new', async () => {
      for (const side of ['--server-side=false', '--server-side=true']) {
        const { exitCode, stdout } = await run(['diff', side, '-f', '-'], configMap('d3', { a: '1' }));
        assert.equal(exitCode, 1);
        assert.match(stdout, /\n\+kind: ConfigMap\n/);
      }
      assert.equal(await ok(['get', 'configmap', 'd3', '--ignore-not-found']), '');
    });
  });

  describe('prune', () => {
    const labelled = (name: string, of: string): string => configMap(name, { a: '1' }, { labels: { of } });

    // kubectl's own list names kinds that a device does not serve.
    it('goes by the allowlist', async () => {
      await apply(`${labelled('q1', 'q')}${labelled('q2', 'q')}`);
      const only = (kind: string): string[] => ['--prune', '-l', 'of=q', `--prune-allowlist=${kind}`];
      assert.equal(await apply(labelled('q1', 'q'), ...only('core/v1/Secret')), 'configmap/q1 unchanged\n');
      assert.equal(
        await apply(labelled('q1', 'q'), ...only('core/v1/ConfigMap')),
        'configmap/q1 unchanged\nconfigmap/q2 pruned\n',
      );
    });

    it('goes by an apply set', async () => {
      const args = ['apply', '--prune', '--applyset=configmaps/set', '-f', '-', '-n', 'default'];
      const env = { KUBECTL_APPLYSET: 'true' };
      const first = await run(args, `${configMap('r1', {})}${configMap('r2', {})}`, env);
      assert.equal(first.exitCode, 0, first.stderr);
      const second = await run(args, configMap('r1', {}), env);
      assert.match(second.stdout, /configmap\/r2 pruned\n$/, second.stderr);
      assert.equal(await ok(['get', 'configmap', 'r2', '--ignore-not-found']), '');
    });
  });

  it('--dry-run=server of a client-side apply does everything but store', async () => {
    assert.equal(
      await apply(configMap('y1', { a: '1' }), '--dry-run=server'),
      'configmap/y1 created (server dry run)\n',
    );
    assert.equal(await ok(['get', 'configmap', 'y1', '--ignore-not-found']), '');
    const { stderr } = await run(
      ['apply', '--dry-run=server', '-f', '-'],
      JSON.stringify(shellPod('y2', 'x', { restartPolicy: 'Sometimes' })),
    );
    assert.match(stderr, /The Pod "y2" is invalid: spec\.restartPolicy: Unsupported value: "Sometimes"/);
  });

  it('replace refuses an older version', async () => {
    await ok(['create', '-f', '-'], configMap('z1', { a: '1' }));
    const resourceVersion = await versionOf('configmap', 'z1');
    assert.equal(await ok(['replace', '-f', '-'], configMap('z1', { a: '2' })), 'configmap/z1 replaced\n');
    const { stderr } = await run(['replace', '-f', '-'], configMap('z1', { a: '3' }, { resourceVersion }));
    assert.match(
      stderr,
      /^Error from server \(Conflict\): .*Operation cannot be fulfilled on configmaps "z1": the object has been modified/,
    );
  });

  describe('edit', () => {
    const editor = (name: string, script: string): Record<string, string> => {
      const file = join(device.directory, name);
      writeFileSync(file, `#!/bin/sh\n${script}\n`);
      chmodSync(file, 0o755);
      return { KUBE_EDITOR: file };
    };

    it('stores what the editor wrote', async () => {
      await ok(['create', '-f', '-'], configMap('e1', { a: '1' }));
      const { stdout, stderr } = await run(
        ['edit', 'configmap', 'e1'],
        '',
        editor('edit-1', 'sed -i \'s/a: "1"/a: "2"/\' "$1"'),
      );
      assert.equal(stdout, 'configmap/e1 edited\n', stderr);
      assert.deepEqual(await dataOf('e1'), { a: '2' });
    });

    it('opens the editor again with what is wrong', async () => {
      await ok(['create', '-f', '-'], configMap('e2', { a: '1' }));
      // The first time a bad key, the second time, when the complaint stands in the file, a good one.
      const script =
        'if grep -q "was not valid" "$1"; then sed -i "s/b c:/bc:/" "$1"; else sed -i "s/  a:/  b c:/" "$1"; fi';
      const { stdout, stderr } = await run(['edit', 'configmap', 'e2'], '', editor('edit-2', script));
      assert.match(stdout, /configmap\/e2 edited\n$/, stderr);
      assert.match(stderr, /error: configmaps "e2" is invalid/);
      assert.deepEqual(await dataOf('e2'), { bc: '1' });
    });

    it('cancels when nothing was changed', async () => {
      await ok(['create', '-f', '-'], configMap('e3', { a: '1' }));
      const { stdout, stderr } = await run(['edit', 'configmap', 'e3'], '', editor('edit-3', 'true'));
      assert.match(stdout + stderr, /Edit cancelled, no changes made\./);
    });
  });
});
