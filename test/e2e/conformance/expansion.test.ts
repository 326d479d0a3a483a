/** Conformance: container command, args, environment, sub-path expansion. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { makeBusyboxImage } from '../../../scripts/busybox-image.ts';
import type { Pod } from '../../../src/api/kinds/pod/types.ts';
import { pods } from '../../../src/api/resources.ts';
import { testImage } from '../../support/device.ts';
import { isRunning, ScenarioDevice } from '../../support/scenario-device.ts';
import { waitFor } from '../../support/wait.ts';

/** Prints `entry` and what follows; `command` alone prints what follows. */
const image = 'eliot.test/entry:1';

describe('conformance: container command, args, environment, sub-path expansion', { concurrency: 4 }, () => {
  let on: ScenarioDevice;
  before(async () => {
    on = await ScenarioDevice.start();
    const archive = await makeBusyboxImage({ name: image, entrypoint: ['echo', 'entry'], cmd: ['default', 'args'] });
    await on.device.eliOk(['image', 'load', '-'], { input: archive });
  });
  after(() => on?.close());

  for (const { slug, sentence, container, expected } of [
    {
      slug: 'container/image-defaults',
      sentence: "without command and args the image's own run",
      container: {},
      expected: 'entry default args\n',
    },
    {
      slug: 'container/override-args',
      sentence: "args keep the image's entry point and replace its arguments",
      container: { args: ['own  args'] },
      expected: 'entry own  args\n',
    },
    {
      slug: 'container/override-command',
      sentence: "command replaces the entry point and drops the image's arguments",
      container: { command: ['echo', 'own', 'command'] },
      expected: 'own command\n',
    },
    {
      slug: 'container/override-both',
      sentence: 'command and args replace both',
      container: { command: ['echo', 'own'], args: ['args'] },
      expected: 'own args\n',
    },
  ]) {
    it(`${slug}: ${sentence}`, async () => {
      assert.equal(await on.output({ container: { image, ...container } }), expected);
    });
  }

  it('expansion/env-in-env: a variable is made of those before it', async () => {
    const env = [
      { name: 'FOO', value: 'foo-value' },
      { name: 'BAR', value: 'bar-value' },
      { name: 'FOOBAR', value: '$(FOO);;$(BAR);;$(LATER);;$$(FOO)' },
      { name: 'LATER', value: 'later' },
    ];
    const printed = await on.output({ container: { env }, line: 'echo "$FOOBAR"' });
    assert.equal(printed, 'foo-value;;bar-value;;$(LATER);;$(FOO)\n');
  });

  it('expansion/args: variables are replaced in args, and not by a shell', async () => {
    const container = { image, env: [{ name: 'A', value: 'a  b' }], args: ['$(A)', '$$(A)', '$(NONE)'] };
    assert.equal(await on.output({ container }), 'entry a  b $(A) $(NONE)\n');
  });

  it('expansion/command: variables are replaced in command', async () => {
    const container = { env: [{ name: 'A', value: 'a  b' }], command: ['echo', '$(A)', '$$(A)', '$(NONE)'] };
    assert.equal(await on.output({ container }), 'a  b $(A) $(NONE)\n');
  });

  /** A pod that mounts an emptyDir whole at /all and one directory of it at /part. */
  const withSubPath = (fieldPath: string, subPathExpr: string, annotations: Readonly<Record<string, string>> = {}) => ({
    metadata: { annotations },
    spec: { volumes: [{ name: 'work', emptyDir: {} }], restartPolicy: 'Always' },
    container: {
      env: [{ name: 'FIELD', valueFrom: { fieldRef: { fieldPath } } }],
      volumeMounts: [
        { name: 'work', mountPath: '/all' },
        { name: 'work', mountPath: '/part', subPathExpr },
      ],
    },
    line: 'trap "exit 0" TERM; sleep 3600 & wait',
  });

  it('expansion/subpath-expr: an expression of variables names a directory that is made in the volume', async () => {
    const pod = await on.running(withSubPath('metadata.name', 'logs/$(FIELD)'));
    assert.equal(await on.exec(pod, `echo x > /part/file; cat /all/logs/${pod}/file`), 'x\n');
    await on.delete(pod);
  });

  it('expansion/subpath-write: a later change of what the expression was made of changes nothing', async () => {
    const pod = await on.running(withSubPath("metadata.annotations['where']", '$(FIELD)', { where: 'mypath' }));
    const { uid = '' } = (await on.pod(pod)).metadata;
    assert.equal(await on.exec(pod, 'echo x > /all/mypath/test.log; cat /part/test.log'), 'x\n');
    await on.patch(pods, pod, { metadata: { annotations: { where: 'mynewpath' } } });
    assert.equal(await on.exec(pod, 'cat /part/test.log; ls /all'), 'x\nmypath\n');
    assert.equal((await on.pod(pod)).status.containerStatuses?.[0]?.restartCount, 0);
    await on.delete(pod);
    await waitFor('its volume to be removed', () => !existsSync(join(on.device.dataDir, 'pods', uid)));
  });

  const waitingReason = ({ status }: Pod): string => status.containerStatuses?.[0]?.state?.waiting?.reason ?? '';
  const waitingMessage = ({ status }: Pod): string => status.containerStatuses?.[0]?.state?.waiting?.message ?? '';
  for (const { slug, what, path, message } of [
    {
      slug: 'expansion/subpath-absolute-fails',
      what: 'an absolute path',
      path: '/tmp',
      message: 'error SubPath `/tmp` must not be an absolute path',
    },
    {
      slug: 'expansion/subpath-dotdot-fails',
      what: '..',
      path: '..',
      message: "unable to provision SubPath `..`: must not contain '..'",
    },
  ]) {
    it(`${slug}: an expression that becomes ${what} keeps the container waiting`, async () => {
      const name = await on.create(withSubPath("metadata.annotations['where']", '$(FIELD)', { where: path }));
      const pod = await on.until(
        name,
        'CreateContainerConfigError',
        (seen) => waitingReason(seen) !== '' && waitingReason(seen) !== 'ContainerCreating',
      );
      assert.equal(waitingReason(pod), 'CreateContainerConfigError');
      assert.equal(waitingMessage(pod), message);
      await on.delete(name);
    });
  }

  it('expansion/subpath-recovers: a pod that lacked the annotation runs once it is there', async () => {
    const idea = withSubPath("metadata.annotations['where']", '$(FIELD)', { elsewhere: 'mypath' });
    const name = await on.create(idea);
    const held = await on.until(name, 'waiting', (pod) => waitingReason(pod) === 'CreateContainerConfigError');
    assert.equal(waitingMessage(held), 'missing value for FIELD');
    await on.patch(pods, name, { metadata: { annotations: { where: 'mypath' } } });
    const running = await on.until(name, 'Running', isRunning);
    assert.equal(running.metadata.uid, held.metadata.uid);
    assert.equal(await on.exec(name, 'ls /all'), 'mypath\n');
    await on.delete(name);
  });

  it('a changed image restarts that container alone, in the pod that runs', async () => {
    const container = (name: string): object => ({ name, image: testImage, command: ['sleep', '3600'] });
    const pod = await on.running({ spec: { containers: [container('main'), container('other')] } });
    const before = await on.pod(pod);
    await on.patch(pods, pod, { spec: { containers: [{ name: 'main', image }] } });
    const after = await on.until(pod, 'restarted', (seen) => isRunning(seen) && restartsOf(seen).includes(1));
    assert.deepEqual(restartsOf(after), [1, 0]);
    assert.equal(after.metadata.uid, before.metadata.uid);
    assert.deepEqual(after.status.podIPs, before.status.podIPs);
    const images = (after.status.containerStatuses ?? []).map((status) => status.image);
    assert.deepEqual(images, [image, testImage]);
    await on.delete(pod);
  });
});

/** Restart counts, in the order of the spec. */
function restartsOf({ status }: Pod): readonly number[] {
  return (status.containerStatuses ?? []).map(({ restartCount }) => restartCount);
}
