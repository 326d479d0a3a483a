import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { containerErrors, podErrors } from '../../../../testing/pod-manifest.ts';

const image = 'busybox:1';
const probe = { exec: { command: ['true'] } };

describe('a container', () => {
  test('is there', () => {
    assert.deepEqual(podErrors({ containers: [] }), ['spec.containers: Required value']);
  });

  test('has a name that is a DNS label', () => {
    assert.deepEqual(podErrors({ containers: [{ image }] }), ['spec.containers[0].name: Required value']);
    assert.match(
      containerErrors({ name: 'My.App' })[0] ?? '',
      /^name: Invalid value: "My.App": a lowercase RFC 1123 label/,
    );
    assert.match(containerErrors({ name: 'a'.repeat(64) })[0] ?? '', /^name: Invalid value: .*must be no more than 63/);
  });

  test('has a name of its own', () => {
    assert.deepEqual(
      podErrors({
        containers: [
          { name: 'a', image },
          { name: 'a', image },
        ],
      }),
      ['spec.containers[1].name: Duplicate value: "a"'],
    );
  });

  test('has an image, without space around it', () => {
    assert.deepEqual(podErrors({ containers: [{ name: 'a' }] }), ['spec.containers[0].image: Required value']);
    assert.deepEqual(containerErrors({ image: 'nginx ' }), [
      'image: Invalid value: "nginx ": must not have leading or trailing whitespace',
    ]);
  });

  test('has policies that are known', () => {
    assert.deepEqual(containerErrors({ imagePullPolicy: 'Often', terminationMessagePolicy: 'Mail' }), [
      'terminationMessagePolicy: Unsupported value: "Mail": supported values: "File", "FallbackToLogsOnError"',
      'imagePullPolicy: Unsupported value: "Often": supported values: "Always", "IfNotPresent", "Never"',
    ]);
  });

  test('has no restart policy of its own', () => {
    assert.deepEqual(containerErrors({ restartPolicy: 'Always' }), [
      'restartPolicy: Forbidden: may not be set for non-init containers',
    ]);
    assert.equal(containerErrors({ restartPolicyRules: [{ action: 'Restart' }] }).length, 1);
  });
});

describe('an init container', () => {
  const init = (changes: object): readonly string[] =>
    podErrors({ initContainers: [{ name: 'init', image, ...changes }] }).map((error) =>
      error.replace('spec.initContainers[0].', ''),
    );

  test('is checked as any container', () => {
    assert.deepEqual(init({}), []);
    assert.deepEqual(init({ image: '' }), ['image: Required value']);
  });

  test('has a name that no container has', () => {
    assert.deepEqual(init({ name: 'app' }), ['name: Duplicate value: "app"']);
  });

  test('has no probes and hooks, since it ends', () => {
    for (const key of ['livenessProbe', 'readinessProbe', 'startupProbe']) {
      assert.deepEqual(init({ [key]: probe }), [
        `${key}: Forbidden: may not be set for init containers without restartPolicy=Always`,
      ]);
    }
    assert.deepEqual(init({ lifecycle: { preStop: probe } }), [
      'lifecycle: Forbidden: may not be set for init containers without restartPolicy=Always',
    ]);
  });

  test('may go on running beside the containers, and then has probes', () => {
    assert.deepEqual(init({ restartPolicy: 'Always', livenessProbe: probe, lifecycle: { preStop: probe } }), []);
    assert.deepEqual(init({ restartPolicy: 'Always', livenessProbe: {} }), [
      'livenessProbe: Required value: must specify a handler type',
    ]);
    assert.deepEqual(init({ restartPolicy: 'Never' }), [
      'restartPolicy: Unsupported value: "Never": supported values: "Always"',
    ]);
  });
});

describe('an ephemeral container', () => {
  const ephemeral = (changes: object): readonly string[] =>
    podErrors({ ephemeralContainers: [{ name: 'debug', image, ...changes }] }).map((error) =>
      error.replace('spec.ephemeralContainers[0].', ''),
    );

  test('has a name of its own and a target that exists', () => {
    assert.deepEqual(ephemeral({ targetContainerName: 'app' }), []);
    assert.deepEqual(ephemeral({ name: 'app' }), ['name: Duplicate value: "app"']);
    assert.deepEqual(ephemeral({ targetContainerName: 'none' }), ['targetContainerName: Not found: "none"']);
  });

  test('promises nothing that a pod relies on', () => {
    const words = 'Forbidden: cannot be set for an Ephemeral Container';
    assert.deepEqual(ephemeral({ ports: [{ containerPort: 80 }] }), [`ports: ${words}`]);
    assert.deepEqual(ephemeral({ livenessProbe: probe }), [`livenessProbe: ${words}`]);
    assert.deepEqual(ephemeral({ resources: { limits: { cpu: '1' } } }), [`resources: ${words}`]);
  });
});
