import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { describe, it } from 'node:test';
import type { FileAccess } from './io.ts';
import { chooseTarget, type TargetFlags } from './target.ts';
import { UsageError } from './usage-error.ts';

/** A machine on which only a socket may be found, usable or not. */
function machine(socket?: { readonly path: string; readonly usable: boolean }): FileAccess {
  return {
    readFile: () => Promise.reject(Object.assign(new Error(), { code: 'ENOENT' })),
    openFile: () => Readable.from([]),
    readDirectory: async () => [],
    kindOf: async (path) => (path === socket?.path ? 'socket' : 'missing'),
    sizeOf: async () => 0,
    mayUse: async (path) => path === socket?.path && socket.usable,
  };
}

async function refusal(flags: TargetFlags, files: FileAccess, env: Record<string, string> = {}): Promise<UsageError> {
  const error = await chooseTarget(flags, { env, files }).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof UsageError);
  return error;
}

describe('without a kubeconfig', () => {
  it('the local daemon is looked for in /run/eliot, or where ELIOT_RUN_DIR says', async () => {
    const usual = machine({ path: '/run/eliot/eliotd.sock', usable: true });
    const { transport } = await chooseTarget({}, { env: {}, files: usual });
    assert.equal(transport.server, 'unix:/run/eliot/eliotd.sock');
    const moved = machine({ path: '/x/eliotd.sock', usable: true });
    const other = await chooseTarget({}, { env: { ELIOT_RUN_DIR: '/x', KUBECONFIG: '' }, files: moved });
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
    const { verify } = await chooseTarget({ node: 'pi' }, { env: {}, files });
    assert.deepEqual(verify, { version: false, node: 'pi' });
  });
});
