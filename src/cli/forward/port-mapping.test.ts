import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Pod } from '../../api/kinds/pod/types.ts';
import { parseAddresses, parsePortMapping } from './port-mapping.ts';

const ports = [
  { name: 'http', containerPort: 80 },
  { name: 'dns', containerPort: 53, protocol: 'UDP' },
  { containerPort: 8053, protocol: 'UDP' },
  { containerPort: 8053, protocol: 'TCP' },
];
const pod = {
  metadata: { name: 'web' },
  spec: { containers: [{ name: 'main', image: 'x', ports }] },
} as unknown as Pod;

describe('a port mapping', () => {
  for (const [text, local, remote] of [
    ['8080:80', 8080, 80],
    ['80', 80, 80],
    [':80', 0, 80],
    ['0:80', 0, 80],
    ['8080:http', 8080, 80],
    ['http', 80, 80],
    ['8053', 8053, 8053],
  ] as const) {
    it(`${text} is ${local} -> ${remote}`, () => assert.deepEqual(parsePortMapping(text, pod), { local, remote }));
  }

  for (const [text, complaint] of [
    ['1:2:3', "invalid port format '1:2:3'"],
    ['8080:', 'remote port cannot be empty'],
    ['8080:0', 'remote port must be > 0'],
    ['65536', `error parsing remote port '65536': strconv.ParseUint: parsing "65536": value out of range`],
    ['x:80', `error parsing local port 'x': strconv.ParseUint: parsing "x": invalid syntax`],
    ['8080:smtp', "Pod 'web' does not have a named port 'smtp'"],
    ['53', 'UDP protocol is not supported for 53'],
    ['dns', 'UDP protocol is not supported for dns'],
  ] as const) {
    it(`${text} is refused: ${complaint}`, () => {
      assert.throws(
        () => parsePortMapping(text, pod),
        (error: Error) => error.message === complaint,
      );
    });
  }
});

describe('addresses to listen on', () => {
  const optional = (address: string) => ({ address, isOptional: true });
  const wanted = (address: string) => ({ address, isOptional: false });
  for (const [texts, addresses] of [
    [['localhost'], [optional('127.0.0.1'), optional('::1')]],
    [['localhost,10.0.0.1'], [wanted('10.0.0.1'), optional('127.0.0.1'), optional('::1')]],
    [
      ['localhost', '127.0.0.1'],
      [wanted('127.0.0.1'), optional('::1')],
    ],
    [
      ['0.0.0.0', '::'],
      [wanted('0.0.0.0'), wanted('::')],
    ],
  ] as const) {
    it(`of --address ${texts.join(' ')}`, () => assert.deepEqual(parseAddresses(texts), addresses));
  }

  it('are no names', () => assert.throws(() => parseAddresses(['example.org']), /example\.org is not a valid IP/));
});
