import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Mounts } from './mounts.ts';
import { createNetworkNamespaces } from './netns.ts';
import type { RunChild } from './run-child.ts';

const { signal } = new AbortController();

/** Namespaces of a machine with these mounts, and the commands that were run. */
function machine(mounted: readonly string[], names: readonly string[] = [], failure?: string) {
  const commands: string[] = [];
  const runChild = (async (program: string, args: readonly string[]) => {
    commands.push([program, ...args].join(' '));
    return failure === undefined
      ? { exitCode: 0, stdout: '', stderr: '' }
      : { exitCode: 32, stdout: '', stderr: failure };
  }) as unknown as RunChild;
  const mounts = { list: async () => mounted } as Mounts;
  return { namespaces: createNetworkNamespaces(runChild, mounts, async () => names), commands };
}

describe('the directory of network namespaces', () => {
  it('is left alone when it is a mount point already', async () => {
    const { namespaces, commands } = machine(['/', '/run/netns']);
    await namespaces.prepare(signal);
    assert.deepEqual(commands, []);
  });

  it('is left alone when somebody keeps a namespace in it, which would then be mounted twice', async () => {
    const { namespaces, commands } = machine(['/', '/run/netns/blue'], ['blue']);
    await namespaces.prepare(signal);
    assert.deepEqual(commands, []);
  });

  it('is made a mount point when a mount below it is covered, so that its name is not there', async () => {
    const { namespaces, commands } = machine(['/', '/run/netns/blue'], ['green']);
    await namespaces.prepare(signal);
    assert.deepEqual(commands, ['mount --bind /run/netns /run/netns', 'mount --make-shared /run/netns']);
  });

  it('stays a mount point when it was none of ours to take away', async () => {
    const { namespaces, commands } = machine(['/']);
    await namespaces.leave(signal);
    assert.deepEqual(commands, []);
  });

  it('stays a mount point when somebody makes a namespace in it just as it shall go', async () => {
    const { namespaces, commands } = machine(['/', '/run/netns'], [], 'umount: /run/netns: target is busy.');
    await namespaces.leave(signal);
    assert.deepEqual(commands, ['umount /run/netns']);
  });

  it('says why it cannot be taken away otherwise', async () => {
    const { namespaces } = machine(['/', '/run/netns'], [], 'umount: must be superuser');
    await assert.rejects(namespaces.leave(signal), /cannot unmount \/run\/netns: umount: must be superuser/);
  });
});
