import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EliRun } from '../../testing/eli-runner.ts';
import { CommandContext } from '../context.ts';
import type { Session } from '../session.ts';
import { runCanI } from './auth.ts';

/** A context whose device gives one answer; what was printed and noted is in `said`. */
function deviceThatSays(status: object): { readonly context: CommandContext; readonly said: string[] } {
  const said: string[] = [];
  const session = {
    namespace: 'default',
    client: { create: async () => ({ status }) },
    resources: { find: async () => ({ group: '', resource: 'pods', namespaced: true }) },
  };
  const context = Object.create(CommandContext.prototype) as CommandContext;
  Object.defineProperties(context, {
    session: { value: async () => session as unknown as Session },
    flags: { value: {} },
    print: { value: async (text: string) => void said.push(text) },
  });
  return { context, said };
}

describe('auth can-i', () => {
  for (const { status, prints, code } of [
    { status: { allowed: true }, prints: 'yes\n', code: 0 },
    { status: { allowed: false }, prints: 'no\n', code: 1 },
    { status: { allowed: false, reason: 'only viewers' }, prints: 'no - only viewers\n', code: 1 },
    { status: {}, prints: 'no\n', code: 1 },
  ]) {
    it(`prints ${JSON.stringify(prints)} for ${JSON.stringify(status)}`, async () => {
      const { context, said } = deviceThatSays(status);
      assert.equal(await runCanI(['delete', 'pods'], {}, context), code);
      assert.deepEqual(said, [prints]);
    });
  }

  it('needs a device', async () => {
    const run = new EliRun(['auth', 'can-i', 'get', 'pods'], {
      env: { ELIOT_RUN_DIR: '/nonexistent', HOME: '/nonexistent' },
    });
    assert.equal(await run.ended, 1);
    assert.match(run.stderr.text, /^error: no device found/);
  });
});
