import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { containerErrors } from '../../../../testing/pod-manifest.ts';

const exec = { command: ['true'] };
const liveness = (probe: object): readonly string[] =>
  containerErrors({ livenessProbe: probe }).map((error) => error.replace('livenessProbe', 'probe'));

describe('a probe', () => {
  test('has exactly one handler', () => {
    for (const handler of [
      { exec },
      { httpGet: { port: 80 } },
      { tcpSocket: { port: 'web' } },
      { grpc: { port: 9 } },
    ]) {
      assert.deepEqual(liveness(handler), []);
    }
    assert.deepEqual(liveness({}), ['probe: Required value: must specify a handler type']);
    assert.deepEqual(liveness({ exec, tcpSocket: { port: 80 } }), [
      'probe.tcpSocket: Forbidden: may not specify more than 1 handler type',
    ]);
  });

  test('has a command that is there', () => {
    assert.deepEqual(liveness({ exec: {} }), ['probe.exec.command: Required value']);
  });

  test('asks a port, by number or by name', () => {
    assert.deepEqual(liveness({ httpGet: {} }), ['probe.httpGet.port: Required value']);
    assert.deepEqual(liveness({ httpGet: { port: 0 } }), [
      'probe.httpGet.port: Invalid value: 0: must be between 1 and 65535, inclusive',
    ]);
    assert.deepEqual(liveness({ tcpSocket: { port: 'a--b' } }), [
      'probe.tcpSocket.port: Invalid value: "a--b": must not contain consecutive hyphens',
    ]);
    assert.deepEqual(liveness({ grpc: { port: 70_000 } }), [
      'probe.grpc.port: Invalid value: 70000: must be between 1 and 65535, inclusive',
    ]);
  });

  test('speaks HTTP or HTTPS with well-formed headers', () => {
    assert.deepEqual(liveness({ httpGet: { port: 80, scheme: 'FTP' } }), [
      'probe.httpGet.scheme: Unsupported value: "FTP": supported values: "HTTP", "HTTPS"',
    ]);
    const httpHeaders = [
      { name: 'X-A', value: '' },
      { name: 'X A', value: '1' },
    ];
    assert.match(
      liveness({ httpGet: { port: 80, httpHeaders } })[0] ?? '',
      /^probe.httpGet.httpHeaders: Invalid value: "X A"/,
    );
  });

  test('has numbers that are not negative', () => {
    for (const key of ['initialDelaySeconds', 'timeoutSeconds', 'periodSeconds', 'failureThreshold']) {
      assert.deepEqual(liveness({ exec, [key]: -1 }), [
        `probe.${key}: Invalid value: -1: must be greater than or equal to 0`,
      ]);
    }
    assert.deepEqual(liveness({ exec, terminationGracePeriodSeconds: 0 }), [
      'probe.terminationGracePeriodSeconds: Invalid value: 0: must be greater than 0',
    ]);
  });

  test('of life and of start needs one success, of readiness as many as wanted', () => {
    const probe = { exec, successThreshold: 2 };
    assert.deepEqual(liveness(probe), ['probe.successThreshold: Invalid value: 2: must be 1']);
    assert.deepEqual(containerErrors({ startupProbe: probe }), [
      'startupProbe.successThreshold: Invalid value: 2: must be 1',
    ]);
    assert.deepEqual(containerErrors({ readinessProbe: probe }), []);
  });

  test('of readiness ends no container, so it has no grace period', () => {
    assert.deepEqual(containerErrors({ readinessProbe: { exec, terminationGracePeriodSeconds: 5 } }), [
      'readinessProbe.terminationGracePeriodSeconds: Invalid value: 5: must not be set for readinessProbes',
    ]);
  });
});

describe('a lifecycle hook', () => {
  test('has exactly one handler', () => {
    assert.deepEqual(containerErrors({ lifecycle: { postStart: { exec }, preStop: { httpGet: { port: 80 } } } }), []);
    assert.deepEqual(containerErrors({ lifecycle: { postStart: {} } }), [
      'lifecycle.postStart: Required value: must specify a handler type',
    ]);
  });

  test('sleeps no longer than the pod has to end', () => {
    const sleep = (seconds: number): readonly string[] =>
      containerErrors({ lifecycle: { preStop: { sleep: { seconds } } } }, { terminationGracePeriodSeconds: 10 });
    assert.deepEqual(sleep(0), []);
    assert.deepEqual(sleep(10), []);
    assert.deepEqual(sleep(11), [
      'lifecycle.preStop.sleep: Invalid value: 11: ' +
        'must be non-negative and less than terminationGracePeriodSeconds (10)',
    ]);
  });
});
