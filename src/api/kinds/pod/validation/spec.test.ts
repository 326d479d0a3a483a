import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { admitObject } from '../../../../testing/admit-object.ts';
import { podErrors, podManifest } from '../../../../testing/pod-manifest.ts';
import { podKind } from '../pod.ts';

test('a pod may say nothing but its containers', () => {
  assert.deepEqual(podErrors(), []);
});

test('policies are one of a few words', () => {
  assert.deepEqual(podErrors({ restartPolicy: 'Sometimes', dnsPolicy: 'Maybe' }), [
    'spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "OnFailure", "Never"',
    'spec.dnsPolicy: Unsupported value: "Maybe": supported values: ' +
      '"ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"',
  ]);
});

test('times have ranges', () => {
  assert.deepEqual(podErrors({ terminationGracePeriodSeconds: 0, activeDeadlineSeconds: 1 }), []);
  assert.deepEqual(podErrors({ terminationGracePeriodSeconds: -1 }), [
    'spec.terminationGracePeriodSeconds: Invalid value: -1: must be greater than or equal to 0',
  ]);
  for (const seconds of [0, -5, 2_147_483_648]) {
    assert.deepEqual(podErrors({ activeDeadlineSeconds: seconds }), [
      `spec.activeDeadlineSeconds: Invalid value: ${seconds}: must be between 1 and 2147483647, inclusive`,
    ]);
  }
});

test('names of other things are well-formed', () => {
  assert.deepEqual(
    podErrors({ hostname: 'db-0', subdomain: 'db', nodeName: 'device.lan', runtimeClassName: 'kata' }),
    [],
  );
  for (const key of [
    'hostname',
    'subdomain',
    'nodeName',
    'serviceAccountName',
    'priorityClassName',
    'runtimeClassName',
  ]) {
    const [error, ...others] = podErrors({ [key]: 'No_Good' });
    assert.match(error ?? '', new RegExp(`^spec\\.${key}: Invalid value: "No_Good": a lowercase RFC 1123`));
    assert.deepEqual(others, []);
  }
  assert.match(podErrors({ hostname: 'a.b' })[0] ?? '', /^spec.hostname: Invalid value: "a.b"/);
});

describe('what overrides the host name', () => {
  test('is a DNS subdomain that the kernel takes', () => {
    assert.deepEqual(podErrors({ hostnameOverride: 'db-0.example.com' }), []);
    assert.deepEqual(podErrors({ hostnameOverride: 'a'.repeat(64) }), []);
    for (const hostnameOverride of ['', 'No_Good', 'a..b']) {
      assert.match(
        podErrors({ hostnameOverride }).join(),
        new RegExp(`^spec\\.hostnameOverride: Invalid value: "${hostnameOverride}": a lowercase RFC 1123 subdomain`),
      );
    }
    assert.deepEqual(podErrors({ hostnameOverride: 'a'.repeat(65) }), [
      'spec.hostnameOverride: Too long: may not be more than 64 bytes',
    ]);
  });

  test('goes with no other way to set it', () => {
    assert.deepEqual(podErrors({ hostnameOverride: 'a.b', setHostnameAsFQDN: true }), [
      'spec.hostnameOverride: Forbidden: may not be specified when setHostnameAsFQDN is true',
    ]);
    assert.deepEqual(podErrors({ hostnameOverride: 'a.b', hostNetwork: true }), [
      'spec.hostnameOverride: Forbidden: may not be specified when hostNetwork is true',
    ]);
    assert.deepEqual(
      podErrors({ hostnameOverride: 'a.b', setHostnameAsFQDN: false, hostname: 'c', subdomain: 'd' }),
      [],
    );
  });
});

test('the node selector has the form of labels', () => {
  assert.deepEqual(podErrors({ nodeSelector: { 'kubernetes.io/arch': 'arm64' } }), []);
  assert.match(podErrors({ nodeSelector: { a: 'b c' } })[0] ?? '', /^spec.nodeSelector: Invalid value: "b c"/);
});

describe('what is shared with the device', () => {
  test('on its network a port cannot be moved', () => {
    const ports = [{ containerPort: 80, hostPort: 8080 }];
    assert.deepEqual(podErrors({}, { ports }), []);
    assert.deepEqual(podErrors({ hostNetwork: true }, { ports }), [
      'spec.containers[0].ports[0].hostPort: Invalid value: 8080: ' +
        'must match `containerPort` when `hostNetwork` is true',
    ]);
  });

  test('its processes and those of the pod cannot both be shared', () => {
    assert.deepEqual(podErrors({ hostPID: true }), []);
    assert.deepEqual(podErrors({ shareProcessNamespace: true }), []);
    assert.deepEqual(podErrors({ hostPID: true, shareProcessNamespace: true }), [
      'spec.securityContext.shareProcessNamespace: Invalid value: true: ' +
        'ShareProcessNamespace and HostPID cannot both be enabled',
    ]);
  });

  test('user namespaces are refused, since the runtime would ignore them', () => {
    assert.deepEqual(podErrors({ hostUsers: true }), []);
    assert.deepEqual(podErrors({ hostUsers: false }), [
      'spec.hostUsers: Forbidden: user namespaces are not supported by the container runtime',
    ]);
  });

  test('its operating system is linux', () => {
    assert.deepEqual(podErrors({ os: { name: 'linux' } }), []);
    assert.deepEqual(podErrors({ os: { name: 'windows' } }), ['spec.os.name: Forbidden: this node runs linux']);
    assert.deepEqual(podErrors({ os: { name: 'plan9' } }), [
      'spec.os.name: Unsupported value: "plan9": supported values: "linux", "windows"',
    ]);
  });
});

describe('resources of the pod as a whole', () => {
  test('are CPU, memory and huge pages', () => {
    assert.deepEqual(podErrors({ resources: { limits: { cpu: '1', memory: '64Mi' } } }), []);
    assert.deepEqual(podErrors({ resources: { limits: { 'ephemeral-storage': '1Gi' } } }), [
      'spec.resources: Invalid value: "ephemeral-storage": must be a standard resource for pods',
    ]);
  });

  test('hold no claims, and no request above its limit', () => {
    assert.deepEqual(podErrors({ resources: { claims: [{ name: 'a' }] } }), [
      'spec.resources.claims: Forbidden: claims cannot be set for Resources at pod-level',
    ]);
    assert.deepEqual(podErrors({ resources: { limits: { cpu: '1' }, requests: { cpu: '2' } } }), [
      'spec.resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1',
    ]);
  });
});

describe('gates and claims', () => {
  test('readiness gates are conditions', () => {
    assert.deepEqual(podErrors({ readinessGates: [{ conditionType: 'example.com/up' }] }), []);
    assert.match(
      podErrors({ readinessGates: [{ conditionType: 'a b' }] })[0] ?? '',
      /^spec.readinessGates\[0\].conditionType/,
    );
    assert.deepEqual(podErrors({ readinessGates: [{}] }), ['spec.readinessGates[0].conditionType: Required value']);
  });

  test('a gated pod has no node yet', () => {
    const schedulingGates = [{ name: 'example.com/wait' }];
    assert.deepEqual(podErrors({ schedulingGates }), []);
    assert.deepEqual(podErrors({ schedulingGates, nodeName: 'device' }), [
      'spec.nodeName: Forbidden: cannot be set until all schedulingGates have been cleared',
    ]);
  });

  test('a claim names one source', () => {
    assert.deepEqual(podErrors({ resourceClaims: [{ name: 'a', resourceClaimName: 'b' }] }), []);
    assert.match(podErrors({ resourceClaims: [{ name: 'a' }] })[0] ?? '', /must specify one of/);
    assert.match(
      podErrors({ resourceClaims: [{ name: 'a', resourceClaimName: 'b', resourceClaimTemplateName: 'c' }] })[0] ?? '',
      /at most one of/,
    );
  });
});

test('fields that Kubernetes does not know are named', () => {
  const { unknownFields } = admitObject(podKind, podManifest({ colour: 'red' }, { imagePulPolicy: 'Never' }));
  assert.deepEqual(unknownFields.toSorted(), ['spec.colour', 'spec.containers[0].imagePulPolicy']);
});
