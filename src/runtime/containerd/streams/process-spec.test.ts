import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { withCommand } from './process-spec.ts';

const process = {
  args: ['sleep', '3600'],
  cwd: '/tmp',
  env: ['PATH=/bin'],
  user: { uid: 1234, gid: 5 },
  noNewPrivileges: true,
  capabilities: { bounding: ['CAP_CHOWN'] },
  terminal: false,
};

describe('withCommand', () => {
  it('changes the command and nothing that restricts the process', () => {
    assert.deepEqual(withCommand(process, ['id'], undefined), { ...process, args: ['id'] });
  });

  it('gives a terminal its type, and its size when it is known', () => {
    const { terminal, env, consoleSize } = withCommand(process, ['sh'], { size: { width: 101, height: 33 } });
    assert.deepEqual([terminal, env, consoleSize], [true, ['PATH=/bin', 'TERM=xterm'], { width: 101, height: 33 }]);
    assert.equal('consoleSize' in withCommand(process, ['sh'], { size: undefined }), false);
  });

  it('leaves the terminal of the container and its size out', () => {
    const ofTerminal = { ...process, terminal: true, consoleSize: { width: 80, height: 24 } };
    const { terminal, ...rest } = withCommand(ofTerminal, ['id'], undefined);
    assert.equal(terminal, false);
    assert.equal('consoleSize' in rest, false);
  });
});
