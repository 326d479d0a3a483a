import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isStatusError } from '../../lib/status-error.ts';
import type { SandboxId } from '../../runtime/runtime.ts';
import type { SuiteContext } from '../runtime-suite.ts';

const unknown = 'f'.repeat(64) as SandboxId;

/** Sandboxes: life, names, labels, idempotence. */
export function describeSandboxes(context: SuiteContext): void {
  describe('sandboxes', () => {
    it('says its name and that it is ready', async () => {
      const { runtime, signal } = context;
      assert.ok((await runtime.version(signal)).name);
      assert.equal((await runtime.status(signal)).runtime.ready, true);
    });

    it('runs a sandbox and shows what it was made from', async () => {
      const { runtime, signal } = context;
      const { id, config } = await context.sandbox({ annotations: { note: 'hello' } });
      const status = await runtime.sandboxStatus(id, signal);
      assert.equal(status.id, id);
      assert.equal(status.ready, true);
      assert.deepEqual(
        { name: status.name, namespace: status.namespace, uid: status.uid, attempt: status.attempt },
        { name: config.name, namespace: config.namespace, uid: config.uid, attempt: 0 },
      );
      assert.equal(status.labels['run.eliot.instance'], config.labels['run.eliot.instance']);
      assert.equal(status.annotations['note'], 'hello');
      assert.ok(status.createdAtMs > 0);
      assert.deepEqual(status.ips, [], 'a sandbox on the host network has no address of its own');
    });

    it('gives a sandbox with a network of its own an address', async (test) => {
      if (!context.opened.hasPodNetwork) return test.skip('no pod network here');
      const { id } = await context.sandbox({ namespaces: { network: 'pod', pid: 'container', ipc: 'pod' } });
      const { ips } = await context.runtime.sandboxStatus(id, context.signal);
      assert.match(ips[0] ?? '', /^\d+\.\d+\.\d+\.\d+$/);
    });

    it('refuses a handler that it does not know', async () => {
      const config = context.sandboxConfig({ runtimeHandler: 'none-such' });
      await assert.rejects(
        context.runtime.runSandbox(config, context.signal),
        (error) => isStatusError(error) && /no runtime for "none-such" is configured/.test(error.message),
      );
    });

    it('refuses the same name, uid and attempt twice, and takes the next attempt', async () => {
      const { runtime, signal } = context;
      const { id, config } = await context.sandbox();
      await assert.rejects(
        runtime.runSandbox(config, signal),
        (error) => isStatusError(error, 'AlreadyExists') && error.details?.uid === id,
      );
      await context.sandbox({ ...config, attempt: 1 });
    });

    it('lists only sandboxes that carry every label of the selector', async () => {
      const { runtime, signal, labels } = context;
      const { id } = await context.sandbox({ labels: { ...labels, role: 'chosen' } });
      const { id: other } = await context.sandbox({ labels: { ...labels, role: 'other' } });
      const chosen = await runtime.listSandboxes({ ...labels, role: 'chosen' }, signal);
      assert.deepEqual(
        chosen.map((sandbox) => sandbox.id),
        [id],
      );
      const all = (await runtime.listSandboxes(labels, signal)).map((sandbox) => sandbox.id);
      assert.ok(all.includes(id) && all.includes(other));
    });

    it('stops a sandbox with its containers, and again without complaint', async () => {
      const { runtime, signal } = context;
      const { id, sandbox } = await context.container();
      await runtime.stopSandbox(sandbox, signal);
      await runtime.stopSandbox(sandbox, signal);
      assert.equal((await runtime.sandboxStatus(sandbox, signal)).ready, false);
      assert.equal((await context.ended(id)).exitCode, 137);
    });

    it('removes a sandbox with its containers, and again without complaint', async () => {
      const { runtime, signal } = context;
      const { id, sandbox } = await context.container();
      await runtime.stopSandbox(sandbox, signal);
      await runtime.removeSandbox(sandbox, signal);
      await runtime.removeSandbox(sandbox, signal);
      await assert.rejects(runtime.sandboxStatus(sandbox, signal), (error) => isStatusError(error, 'NotFound'));
      await assert.rejects(runtime.containerStatus(id, signal), (error) => isStatusError(error, 'NotFound'));
    });

    it('takes stop and remove of a sandbox that never was as done, and has no status of it', async () => {
      const { runtime, signal } = context;
      await runtime.stopSandbox(unknown, signal);
      await runtime.removeSandbox(unknown, signal);
      await assert.rejects(runtime.sandboxStatus(unknown, signal), (error) => isStatusError(error, 'NotFound'));
    });

    it('does nothing once its signal has aborted', async () => {
      const reason = new Error('changed my mind');
      await assert.rejects(context.runtime.listSandboxes({}, AbortSignal.abort(reason)), reason);
    });
  });
}
