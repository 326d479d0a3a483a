import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { silentLogger } from '../../lib/logger.ts';
import { type FirstCodeDeps, showFirstCode } from './show-first-code.ts';

interface Shown {
  readonly stdout: readonly string[];
  readonly console: readonly string[];
  readonly opened: number;
}

async function show(change: Partial<FirstCodeDeps>): Promise<Shown> {
  const stdout: string[] = [];
  const console: string[] = [];
  let opened = 0;
  await showFirstCode({
    where: 'never',
    isPaired: () => false,
    openCode: () => {
      opened += 1;
      return { code: 'k7m4-x2qp', expiresInSeconds: 300, nodeName: 'pi', groups: ['system:masters'], addresses: [] };
    },
    writeToConsole: async (text) => void console.push(text),
    writeToStdout: (text) => void stdout.push(text),
    log: silentLogger,
    ...change,
  });
  return { stdout, console, opened };
}

describe('the code of the first boot', () => {
  it('is not even opened unless the operator wants it', async () => {
    assert.deepEqual(await show({}), { stdout: [], console: [], opened: 0 });
  });

  it('is shown where the operator wants it, with what to type', async () => {
    const { stdout } = await show({ where: 'stdout' });
    assert.match(stdout.join(''), /^Pairing code: k7m4-x2qp .*\n\nOn your computer:\n {2}eli pair pi k7m4-x2qp\n$/);
    const { console } = await show({ where: 'console' });
    assert.match(console.join(''), /eli pair pi k7m4-x2qp/);
  });

  it('is not shown any more once somebody has paired', async () => {
    for (const where of ['stdout', 'console'] as const) {
      assert.deepEqual(await show({ where, isPaired: () => true }), { stdout: [], console: [], opened: 0 });
    }
  });

  it('is no reason to fail on a device without a console', async () => {
    await show({ where: 'console', writeToConsole: () => Promise.reject(new Error('ENOENT')) });
  });
});
