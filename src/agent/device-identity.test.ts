import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type IdentityFiles, readDeviceIdentity } from './device-identity.ts';

function memoryFiles(content: Record<string, string>): IdentityFiles {
  return {
    read: async (path) => content[path],
    write: async (path, text) => {
      content[path] = text;
    },
  };
}

describe('the identity of a device', () => {
  it('is made once and kept', async () => {
    const files = memoryFiles({ '/proc/sys/kernel/random/boot_id': 'boot-1\n', '/etc/machine-id': 'abc\n' });
    const first = await readDeviceIdentity('/data', files);
    assert.match(first.instanceId, /^[0-9a-f]{16}$/);
    assert.deepEqual(await readDeviceIdentity('/data', files), first);
    assert.equal(first.bootId, 'boot-1');
    assert.equal(first.machineId, 'abc');
  });

  it('is never made anew when it is damaged, for that would disown every running pod', async () => {
    await assert.rejects(readDeviceIdentity('/data', memoryFiles({ '/data/instance-id': '' })), /instance-id/);
  });

  it('does without a machine id', async () => {
    const { machineId, instanceId } = await readDeviceIdentity('/data', memoryFiles({}));
    assert.equal(machineId, `${instanceId}0000000000000000`);
  });
});
