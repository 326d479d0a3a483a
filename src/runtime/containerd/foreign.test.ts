import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseForeignConfig } from './foreign.ts';

describe('the configuration of a containerd that is somebody else’s', () => {
  it('says where images are and what the sandbox image is called', () => {
    const text = JSON.stringify({ containerdRootDir: '/data/containerd', sandboxImage: 'registry.example/pause:3' });
    assert.deepEqual(parseForeignConfig(text), { root: '/data/containerd', sandboxImage: 'registry.example/pause:3' });
  });

  it('is the usual one where it says nothing', () => {
    assert.deepEqual(parseForeignConfig('{}'), { root: '/var/lib/containerd', sandboxImage: 'eliot.run/pause:1' });
  });
});
