/**
 * A program for tests: takes the body named on its command line on the way that a POST takes it, and prints the
 * code of the answer and the largest memory. Run it with the daemon's own bound on memory.
 */
import { podFields } from '../api/kinds/pod/fields/pod.ts';
import { decodeBody } from '../apiserver/http/decode-body.ts';
import { maxBodyBytes } from '../apiserver/http/read-body.ts';
import { failureStatus } from '../apiserver/http/status-answer.ts';
import { isStatusError } from '../lib/status-error.ts';
import { encodeEnvelope } from './encode-protobuf.ts';
import { openRegistry, podKind, writeContext } from './registry.ts';

const json = 'application/json';
const yaml = 'application/yaml';
const protobuf = 'application/vnd.kubernetes.protobuf';

const pod = (containers: string): string =>
  `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"},"spec":{"containers":[${containers}]}}`;
/** As many of `part` as fit into a body, in `around`. */
const full = (part: string, around: (parts: string) => string): string => {
  const count = Math.floor((maxBodyBytes - around('').length - 10) / part.length);
  return around(part.repeat(count));
};
const list = (parts: string): string => `[${parts}0]`;
const bomb = (levels: number): string =>
  [
    'a0: &a0 [x, x]',
    ...Array.from({ length: levels }, (_, i) => `a${i + 1}: &a${i + 1} [${`*a${i}, `.repeat(9)}]`),
  ].join('\n');

/** A pod whose spec (2) holds nothing but `part` again and again. Made in place: the bound holds for the test too. */
function protobufPod(part: readonly number[], count: number): Buffer {
  const spec = Buffer.alloc(count * part.length, Uint8Array.from(part));
  const pod = Buffer.concat([Buffer.from([0x12, ...varint(spec.length)]), spec]);
  const typeMeta = encodeEnvelope('v1', 'Pod', new Uint8Array()).subarray(0, 15);
  return Buffer.concat([typeMeta, Buffer.from([0x12, ...varint(pod.length)]), pod]);
}

const varint = (value: number): number[] =>
  value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(Math.floor(value / 0x80))];

const most = 1_500_000;

/** What each body is, and how it is sent. */
export const hostileBodies: Readonly<Record<string, readonly [contentType: string, body: () => string | Buffer]>> = {
  'JSON of empty lists': [json, () => full('[],', list)],
  'JSON of empty objects': [json, () => full('{},', list)],
  'JSON of nested objects': [json, () => full('{"a":{}},', list)],
  'JSON of numbers': [json, () => full('1,', list)],
  'JSON of one key again and again': [json, () => full('"a":1,', (parts) => `{${parts}"b":0}`)],
  'JSON that opens without end': [json, () => '['.repeat(maxBodyBytes)],
  'JSON of as many containers as are read': [json, () => pod(`${'{},'.repeat(49_000)}{}`)],
  'JSON of as many unknown fields as are read': [
    json,
    () => `{${Array.from({ length: 90_000 }, (_, index) => `"field-${index}":1`).join(',')}}`,
  ],
  'YAML of empty lists': [yaml, () => full('[],', list)],
  'YAML of dashes': [yaml, () => '- - -\n'.repeat(maxBodyBytes / 6)],
  'YAML of as many dashes as are read': [yaml, () => '- - -\n'.repeat(49_000)],
  'YAML of as many keys as are read': [yaml, () => `{${'a,'.repeat(199_000)}b}`],
  'YAML of as many documents as are read': [yaml, () => '---\n'.repeat(199_000)],
  'YAML of as many containers as are read': [yaml, () => pod(`${'{},'.repeat(49_000)}{}`)],
  'a billion laughs': [yaml, () => bomb(9)],
  'a YAML document inside itself': [yaml, () => 'a: &a [*a, *a]'],
  'YAML of merges': [
    yaml,
    () =>
      `a: &a {${Array.from({ length: 9_000 }, (_, index) => `k${index}: 1`).join(',')}}\n${'- {<<: *a}\n'.repeat(9)}`,
  ],
  'protobuf of empty containers': [protobuf, () => protobufPod([0x12, 0], most)],
  'protobuf of as many containers as are read': [protobuf, () => protobufPod([0x12, 0], 99_000)],
  'protobuf of containers with an empty port each': [protobuf, () => protobufPod([0x12, 2, 0x32, 0], most / 2)],
  'protobuf of node selectors': [protobuf, () => protobufPod([0x3a, 2, 0x0a, 0], most / 2)],
};

if (process.argv[1] === import.meta.filename) {
  const [contentType, make] = hostileBodies[process.argv[2] ?? ''] ?? [];
  if (contentType === undefined || make === undefined) throw new Error(`no body ${process.argv[2]}`);
  const { registry } = await openRegistry();
  let code = 201;
  try {
    const { value } = decodeBody(Buffer.from(make()), contentType, () => podFields);
    await registry.create(podKind, 'default', value, writeContext());
  } catch (error) {
    if (!isStatusError(error)) throw error;
    code = error.code;
    // What the client would be sent.
    JSON.stringify(failureStatus(error));
  }
  process.stdout.write(JSON.stringify({ code, rssMb: Math.round(process.resourceUsage().maxRSS / 1024) }));
}
