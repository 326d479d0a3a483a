import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { KubeObject } from '../../api/meta.ts';
import { patchForNode, toPortableNode } from './portable-node.ts';

const node = (name: string, labels: object = {}, annotations: object = {}, taints?: readonly object[]): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name, labels: { 'kubernetes.io/hostname': name, ...labels }, annotations } as KubeObject['metadata'],
  spec: { podCIDR: '10.85.0.0/16', ...(taints ? { taints } : {}) },
  status: {},
});
const ours = { key: 'room', value: 'wet', effect: 'NoSchedule' };
const theirs = { key: 'node.kubernetes.io/disk-pressure', effect: 'NoSchedule' };

describe('a node that is moved', () => {
  it('says nothing when nobody said anything of it', () => {
    const annotations = { 'eliot.run/node-name': 'kitchen', 'node.alpha.kubernetes.io/ttl': '0' };
    assert.equal(
      toPortableNode(node('pi', { 'node.kubernetes.io/instance-type': 'x' }, annotations, [theirs])),
      undefined,
    );
  });

  it('says what people said of it', () => {
    assert.deepEqual(toPortableNode(node('pi', { room: 'bath' }, { 'acme.org/who': 'ann' }, [theirs, ours])), {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: 'pi', labels: { room: 'bath' }, annotations: { 'acme.org/who': 'ann' } },
      spec: { taints: [ours] },
    });
  });

  it('adds to what is said of the other node, and takes nothing from it', () => {
    const portable = toPortableNode(node('pi', { room: 'bath' }, {}, [ours])) ?? node('');
    assert.deepEqual(patchForNode(node('new', { zone: 'a' }, {}, [theirs]), portable), {
      metadata: { labels: { room: 'bath' }, annotations: {} },
      spec: { taints: [theirs, ours] },
    });
    assert.equal(patchForNode(node('new', { room: 'bath' }, {}, [ours]), portable), undefined);
  });

  it('does not change what is the system’s, whatever the file says', () => {
    const hostile = node('pi', { 'kubernetes.io/hostname': 'evil' }, { 'eliot.run/node-name': 'evil' }, [theirs]);
    assert.equal(patchForNode(node('new'), hostile), undefined);
  });
});
