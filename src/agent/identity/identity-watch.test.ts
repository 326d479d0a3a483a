import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { type Logger, silentLogger } from '../../lib/logger.ts';
import { IdentityWatch } from './identity-watch.ts';

describe('the watch over the identity', () => {
  let said: string[];
  let logged: number;
  let changes: number;
  let watch: IdentityWatch;
  beforeEach(() => {
    said = [];
    logged = 0;
    changes = 0;
    const log: Logger = { ...silentLogger, warn: () => void logged++ };
    const warnNode = (reason: string, message: string): void => void said.push(`${reason} ${message}`);
    watch = new IdentityWatch({ log, warnNode, onChange: () => void changes++ });
  });

  it('names the other device and what to do, once it is heard, and is content when it is gone', () => {
    watch.heard([{ node: 'kitchen', addresses: ['10.0.0.9', 'fd00::9'] }]);
    assert.deepEqual(said, [
      'DuplicateIdentity another device on the network has the identity of this one: kitchen at 10.0.0.9, fd00::9; on the copy, stop eliotd and run "eliotd reset --identity"',
    ]);
    watch.heard([]);
    assert.deepEqual([said.length, logged, changes, watch.duplicates.length], [1, 1, 2, 0]);
  });

  it('says when the machine is another one', async () => {
    const contents = new Map([['/d/machine.json', '{"serial":"1","macs":[]}']]);
    const files = {
      read: async (path: string) => contents.get(path),
      write: async (path: string, content: string) => void contents.set(path, content),
    };
    await watch.lookAtMachine('/d', async () => ({ serial: '1', macs: [] }), files);
    assert.deepEqual(said, []);
    await watch.lookAtMachine('/d', async () => ({ serial: '2', macs: [] }), files);
    assert.match(said[0] ?? '', /^OtherMachine The identity .* its serial number was 1 and is 2/);
  });

  it('lets the device start on a full disk', async () => {
    const files = {
      read: async () => undefined,
      write: async () => {
        throw new Error('ENOSPC');
      },
    };
    await watch.lookAtMachine('/d', async () => ({ macs: [] }), files);
    assert.deepEqual([said.length, logged], [0, 1]);
  });
});
