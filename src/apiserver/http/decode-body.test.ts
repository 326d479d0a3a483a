import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { podFields } from '../../api/kinds/pod/fields/pod.ts';
import { isStatusError, StatusError } from '../../lib/status-error.ts';
import { encodeEnvelope, encodeProtobuf } from '../../testing/encode-protobuf.ts';
import { hostileBodies } from '../../testing/hostile-bodies.ts';
import { decodeBody } from './decode-body.ts';

const findPod = (_: string, kind: string) => (kind === 'Pod' ? podFields : undefined);
const decode = (body: string | Uint8Array, contentType?: string) => decodeBody(Buffer.from(body), contentType, findPod);

describe('decodeBody', () => {
  for (const contentType of [
    undefined,
    '',
    'application/json',
    'Application/JSON; charset=utf-8',
    'application/octet-stream',
  ]) {
    it(`reads JSON sent as ${contentType}`, () => {
      assert.deepEqual(decode('{"a":1,"a":2}', contentType), { value: { a: 2 }, duplicateFields: ['a'] });
    });
  }

  for (const contentType of ['application/yaml', 'application/x-yaml', 'text/yaml']) {
    it(`reads YAML sent as ${contentType}`, () => {
      assert.deepEqual(decode('a: 0644', contentType).value, { a: 420 });
    });
  }

  const protobuf = 'application/vnd.kubernetes.protobuf';

  it('reads protobuf by the kind that it names', () => {
    const message = encodeProtobuf(podFields, { metadata: { name: 'a' } });
    const { value } = decode(encodeEnvelope('v1', 'Pod', message), protobuf);
    assert.deepEqual(value, { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' } });
  });

  it('gives no value for an empty body', () => assert.equal(decode('').value, undefined));

  for (const { what, body, contentType, reason, message } of [
    { what: 'another content type', body: 'a', contentType: 'text/html', reason: 'UnsupportedMediaType' },
    { what: 'bytes that are no UTF-8', body: Buffer.from([0x22, 0xff, 0x22]), reason: 'BadRequest' },
    {
      what: 'protobuf of a kind that is not taken',
      body: encodeEnvelope('v1', 'Widget', new Uint8Array()),
      contentType: protobuf,
      reason: 'BadRequest',
      message: 'no kind "Widget" is registered for version "v1"',
    },
  ] as const) {
    it(`refuses ${what}`, () => {
      assert.throws(
        () => decode(body, contentType),
        (error) => {
          assert.ok(error instanceof StatusError && isStatusError(error, reason));
          if (message !== undefined) assert.equal(error.message, message);
          return true;
        },
      );
    });
  }
});

describe('a daemon that is given 128 MB', { concurrency: 1 }, () => {
  const program = fileURLToPath(new URL('../../testing/hostile-bodies.ts', import.meta.url));
  // As bin/eliotd has them.
  const memory = ['--max-semi-space-size=1', '--max-old-space-size=128', '--optimize-for-size'];
  const flags = [...memory, '--no-turbofan', '--no-maglev', '--no-sparkplug'];
  for (const name of Object.keys(hostileBodies)) {
    it(`refuses and survives ${name}`, async () => {
      const { stdout } = await promisify(execFile)(process.execPath, [...flags, program, name]);
      const { code, rssMb } = JSON.parse(stdout) as { readonly code: number; readonly rssMb: number };
      assert.ok([400, 413, 422].includes(code), `${name} is answered by ${code}`);
      assert.ok(rssMb < 256, `${name} takes ${rssMb} MB`);
    });
  }
});
