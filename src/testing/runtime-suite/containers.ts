import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isStatusError } from '../../lib/status-error.ts';
import type { ContainerId } from '../../runtime/runtime.ts';
import type { SuiteContext } from '../runtime-suite.ts';

const unknown = 'f'.repeat(64) as ContainerId;
const untilTermThenExit7 = ['sh', '-c', "trap 'exit 7' TERM; sleep 3600 & wait"];

/** Containers: life, exit codes, grace, names, idempotence. */
export function describeContainers(context: SuiteContext): void {
  describe('containers', () => {
    it('creates, then starts, then knows how it ended', async () => {
      const { runtime, signal } = context;
      const { id: sandbox, config } = await context.sandbox();
      const wanted = context.containerConfig({
        command: ['sh', '-c', 'exit 3'],
        annotations: { 'run.eliot.restart-count': '0' },
      });
      const id = await runtime.createContainer(sandbox, wanted, config, signal);
      const created = await runtime.containerStatus(id, signal);
      assert.equal(created.state, 'Created');
      assert.equal(created.startedAtMs, 0);
      assert.equal(created.sandboxId, sandbox);
      assert.equal(created.name, 'main');
      assert.equal(created.annotations['run.eliot.restart-count'], '0');
      assert.equal(created.logPath, `${config.logDirectory}/main/0.log`);
      assert.ok(created.imageId);

      await runtime.startContainer(id, signal);
      const ended = await context.ended(id);
      assert.equal(ended.exitCode, 3);
      assert.equal(ended.reason, 'Error');
      assert.ok(ended.startedAtMs > 0);
      // containerd notes the start when its call has returned; so short a program has ended before.
      assert.ok(ended.finishedAtMs >= ended.startedAtMs - 1_000);
    });

    it('passes signals on to the first process', async () => {
      const { runtime, signal } = context;
      const { id } = await context.container({ command: untilTermThenExit7 });
      await context.answers(id);
      await runtime.signalContainer(id, 15, signal);
      assert.equal((await context.ended(id)).exitCode, 7);
      await assert.rejects(runtime.signalContainer(id, 15, signal), (error) => isStatusError(error, 'NotFound'));
    });

    it('says Completed of exit code 0', async () => {
      const { id } = await context.container({ command: ['true'] });
      const { exitCode, reason } = await context.ended(id);
      assert.deepEqual({ exitCode, reason }, { exitCode: 0, reason: 'Completed' });
    });

    it('starts a running container a second time without doing anything', async () => {
      const { runtime, signal } = context;
      const { id } = await context.container();
      const before = await runtime.containerStatus(id, signal);
      await runtime.startContainer(id, signal);
      assert.deepEqual(await runtime.containerStatus(id, signal), before);
    });

    it('refuses the same name and attempt twice, and takes the next attempt', async () => {
      const { runtime, signal } = context;
      const { id: sandbox, config } = await context.sandbox();
      const id = await runtime.createContainer(sandbox, context.containerConfig(), config, signal);
      await assert.rejects(
        runtime.createContainer(sandbox, context.containerConfig(), config, signal),
        (error) => isStatusError(error, 'AlreadyExists') && error.details?.uid === id,
      );
      await runtime.createContainer(sandbox, context.containerConfig({ attempt: 1 }), config, signal);
    });

    it('cannot create from an image that is not there', async () => {
      const { runtime, signal } = context;
      const { id: sandbox, config } = await context.sandbox();
      await assert.rejects(
        runtime.createContainer(sandbox, context.containerConfig({ image: 'nowhere.example/none:1' }), config, signal),
        (error) => isStatusError(error, 'NotFound'),
      );
    });

    it('fails to start a command that is not in the image, and remembers why', async () => {
      const { runtime, signal } = context;
      const { id: sandbox, config } = await context.sandbox();
      const id = await runtime.createContainer(
        sandbox,
        context.containerConfig({ command: ['/nope'] }),
        config,
        signal,
      );
      await assert.rejects(
        runtime.startContainer(id, signal),
        (error) =>
          isStatusError(error, 'Invalid') && /"\/nope": stat \/nope: no such file or directory/.test(error.message),
      );
      const { exitCode, reason, message } = await context.ended(id);
      assert.deepEqual({ exitCode, reason }, { exitCode: 128, reason: 'StartError' });
      assert.match(message, /no such file or directory/);
    });

    it('lets a container end by itself on SIGTERM', async () => {
      const { runtime, signal } = context;
      const { id } = await context.container({ command: untilTermThenExit7 });
      // The shell must have set its trap before the signal comes.
      await context.answers(id);
      await runtime.stopContainer(id, 30, signal);
      assert.equal((await context.ended(id)).exitCode, 7);
    });

    it('kills a container that ignores SIGTERM when the grace is over, not before', async () => {
      const { runtime, signal } = context;
      const { id } = await context.container();
      const began = performance.now();
      await runtime.stopContainer(id, 1, signal);
      assert.ok(performance.now() - began >= 900);
      assert.equal((await context.ended(id)).exitCode, 137);
    });

    it('kills at once without a grace, and stops a stopped or unknown container without complaint', async () => {
      const { runtime, signal } = context;
      const { id } = await context.container();
      await runtime.stopContainer(id, 0, signal);
      await runtime.stopContainer(id, 30, signal);
      await runtime.stopContainer(unknown, 30, signal);
      assert.equal((await context.ended(id)).exitCode, 137);
    });

    it('removes a running container, and again without complaint', async () => {
      const { runtime, signal } = context;
      const { id } = await context.container();
      await runtime.removeContainer(id, signal);
      await runtime.removeContainer(id, signal);
      await assert.rejects(runtime.containerStatus(id, signal), (error) => isStatusError(error, 'NotFound'));
    });

    it('lists only containers that carry every label of the selector', async () => {
      const { runtime, signal, labels } = context;
      const { id, sandbox } = await context.container({ labels: { ...labels, role: 'listed' } });
      const listed = await runtime.listContainers({ ...labels, role: 'listed' }, signal);
      assert.deepEqual(
        listed.map((container) => [container.id, container.sandboxId, container.state]),
        [[id, sandbox, 'Running']],
      );
      assert.deepEqual(await runtime.listContainers({ ...labels, role: 'unheard-of' }, signal), []);
    });

    it('ends a container with the one whose processes it joined', async () => {
      const { runtime, signal } = context;
      const { id: sandbox, config } = await context.sandbox();
      const target = await runtime.createContainer(sandbox, context.containerConfig(), config, signal);
      await runtime.startContainer(target, signal);
      const joining = context.containerConfig({ name: 'joins', logPath: 'joins/0.log' });
      const security = { ...joining.security, pidTarget: target };
      const id = await runtime.createContainer(sandbox, { ...joining, security }, config, signal);
      await runtime.startContainer(id, signal);
      await runtime.stopContainer(target, 0, signal);
      assert.equal((await context.ended(id)).exitCode, 137);
      const late = context.containerConfig({ name: 'late', security });
      await assert.rejects(runtime.createContainer(sandbox, late, config, signal), /invalid target container/);
    });

    it('reopens the log of a running container and refuses an unknown one', async () => {
      const { runtime, signal } = context;
      const { id } = await context.container();
      await runtime.reopenContainerLog(id, signal);
      await assert.rejects(runtime.reopenContainerLog(unknown, signal), (error) => isStatusError(error));
    });

    it('has no status of a container that never was, and cannot start it', async () => {
      const { runtime, signal } = context;
      await assert.rejects(runtime.containerStatus(unknown, signal), (error) => isStatusError(error, 'NotFound'));
      await assert.rejects(runtime.startContainer(unknown, signal), (error) => isStatusError(error, 'NotFound'));
    });
  });
}
