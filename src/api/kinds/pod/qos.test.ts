import assert from 'node:assert/strict';
import { test } from 'node:test';
import { admittedPod } from '../../../testing/pod-manifest.ts';
import { qosClassOf } from './qos.ts';

const both = { cpu: '1', memory: '64Mi' };

test('without requests and limits a pod is served last', () => {
  assert.equal(qosClassOf(admittedPod()), 'BestEffort');
  assert.equal(qosClassOf(admittedPod({}, { resources: { limits: { 'example.com/gpu': '1' } } })), 'BestEffort');
  assert.equal(qosClassOf(admittedPod({}, { resources: { requests: { cpu: '0' } } })), 'BestEffort');
});

test('limits for CPU and memory of every container make a guarantee', () => {
  assert.equal(qosClassOf(admittedPod({}, { resources: { limits: both } })), 'Guaranteed');
  assert.equal(
    qosClassOf(admittedPod({}, { resources: { limits: both, requests: { cpu: '1000m', memory: '65536Ki' } } })),
    'Guaranteed',
  );
});

test('anything between is burstable', () => {
  assert.equal(qosClassOf(admittedPod({}, { resources: { limits: { cpu: '1' } } })), 'Burstable');
  assert.equal(qosClassOf(admittedPod({}, { resources: { limits: both, requests: { cpu: '1m' } } })), 'Burstable');
  const initContainers = [{ name: 'init', image: 'busybox:1' }];
  assert.equal(qosClassOf(admittedPod({ initContainers }, { resources: { limits: both } })), 'Burstable');
});
