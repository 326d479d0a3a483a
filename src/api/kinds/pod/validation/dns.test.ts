import assert from 'node:assert/strict';
import { test } from 'node:test';
import { podErrors } from '../../../../testing/pod-manifest.ts';

const config = (dnsConfig: object): readonly string[] =>
  podErrors({ dnsConfig }).map((error) => error.replace('spec.dnsConfig.', ''));

test('a pod without policy brings its own name servers', () => {
  assert.deepEqual(podErrors({ dnsPolicy: 'None', dnsConfig: { nameservers: ['1.1.1.1'] } }), []);
  assert.deepEqual(podErrors({ dnsPolicy: 'None' }), [
    'spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None',
  ]);
  assert.deepEqual(podErrors({ dnsPolicy: 'None', dnsConfig: { searches: ['lan'] } }), [
    'spec.dnsConfig.nameservers: Required value: must provide at least one DNS nameserver when `dnsPolicy` is None',
  ]);
});

test('the C library reads three servers and 32 domains', () => {
  assert.deepEqual(
    config({ nameservers: ['1.1.1.1', '::1', '10.0.0.1'], options: [{ name: 'ndots', value: '2' }] }),
    [],
  );
  assert.match(
    config({ nameservers: ['1.1.1.1', '1.1.1.2', '1.1.1.3', '1.1.1.4'] })[0] ?? '',
    /^nameservers: Invalid value: \[.*\]: must not have more than 3 nameservers$/,
  );
  assert.match(config({ searches: Array(33).fill('lan') })[0] ?? '', /must not have more than 32 search paths$/);
  assert.match(
    config({ searches: Array(30).fill('a'.repeat(70)) })[0] ?? '',
    /^searches: .*must not have more than 2048 characters/,
  );
});

test('servers are addresses, domains are domains, options have names', () => {
  assert.match(
    config({ nameservers: ['dns'] })[0] ?? '',
    /^nameservers\[0\]: Invalid value: "dns": must be a valid IP address/,
  );
  assert.deepEqual(config({ searches: ['.', 'lan.', '_tcp.example.com'] }), []);
  assert.match(config({ searches: ['a b'] })[0] ?? '', /^searches\[0\]: Invalid value: "a b"/);
  assert.deepEqual(config({ options: [{ value: '1' }] }), ['options[0]: Required value: must not be empty']);
});

test('lines of the hosts file have an address and names', () => {
  assert.deepEqual(podErrors({ hostAliases: [{ ip: '10.0.0.1', hostnames: ['nas', 'nas.lan'] }] }), []);
  assert.match(podErrors({ hostAliases: [{ ip: 'x' }] })[0] ?? '', /^spec.hostAliases\[0\].ip: Invalid value: "x"/);
  assert.match(
    podErrors({ hostAliases: [{ ip: '10.0.0.1', hostnames: ['A'] }] })[0] ?? '',
    /^spec.hostAliases\[0\].hostnames\[0\]: Invalid value: "A"/,
  );
});
