import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { neededSecrets } from './needed-secrets.ts';

const spec = {
  initContainers: [{ name: 'init', envFrom: [{ secretRef: { name: 'env' } }, { configMapRef: { name: 'no' } }] }],
  containers: [
    {
      name: 'main',
      env: [
        { name: 'A', value: 'b' },
        { name: 'B', valueFrom: { secretKeyRef: { name: 'key', key: 'k' } } },
        { name: 'C', valueFrom: { secretKeyRef: { name: 'perhaps', key: 'k', optional: true } } },
      ],
    },
  ],
  volumes: [
    { name: 'a', secret: { secretName: 'volume' } },
    { name: 'b', projected: { sources: [{ secret: { name: 'projected' } }, { configMap: { name: 'no' } }] } },
    { name: 'c', secret: { secretName: 'volume' } },
  ],
};

describe('the Secrets that are needed', () => {
  it('are those of volumes and environments that may not be missing, each once', () => {
    const all = ['env', 'key', 'projected', 'volume'];
    assert.deepEqual(neededSecrets({ apiVersion: 'v1', kind: 'Pod', metadata: {}, spec }), all);
    const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: {}, spec: { template: { spec } } };
    assert.deepEqual(neededSecrets(deployment), all);
  });

  it('are none for what makes no pods', () => {
    assert.deepEqual(neededSecrets({ apiVersion: 'v1', kind: 'ConfigMap', metadata: {}, data: {} }), []);
  });
});
