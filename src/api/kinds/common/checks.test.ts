import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  checkDescendingPath,
  checkFileMode,
  checkHttpHeaderName,
  checkId,
  checkIpAddress,
  checkPortNumber,
  checkVolumeFilePath,
  complaints,
  notFound,
  tooLong,
} from './checks.ts';

test('addresses of both families are accepted', () => {
  for (const address of ['10.9.8.7', '0.0.0.0', '255.255.255.255', '2001:db8::ffff', '::1', '::', '::ffff:10.0.0.1']) {
    assert.deepEqual(checkIpAddress(address), [], address);
  }
});

test('what is no address is refused in the words of Kubernetes', () => {
  const words = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)';
  const wrong = [
    '',
    '10.0.0',
    '10.0.0.256',
    '010.0.0.1',
    '10.0.0.1.',
    '1.2.3.4.5',
    'fe80::1%eth0',
    'host',
    '[::1]',
    '::1/64',
    ':::',
  ];
  for (const address of wrong) assert.deepEqual(checkIpAddress(address), [words], address);
});

test('a path must stay below where it starts', () => {
  assert.deepEqual(checkDescendingPath('a/b..c/.d'), []);
  assert.deepEqual(checkDescendingPath('/a'), ['must be a relative path']);
  assert.deepEqual(checkDescendingPath('a/../b'), ["must not contain '..'"]);
  assert.deepEqual(checkDescendingPath('/..'), ['must be a relative path', "must not contain '..'"]);
});

test('a file of a volume may not have a name that updates of the volume use', () => {
  assert.deepEqual(checkVolumeFilePath('a/..data'), []);
  assert.deepEqual(checkVolumeFilePath('..data'), ["must not start with '..'"]);
  assert.deepEqual(checkVolumeFilePath('..'), ["must not contain '..'"]);
  assert.deepEqual(checkVolumeFilePath('../x'), ["must not contain '..'"]);
});

test('numbers have ranges', () => {
  assert.deepEqual(checkPortNumber(1), []);
  assert.deepEqual(checkPortNumber(65_535), []);
  assert.deepEqual(checkPortNumber(0), ['must be between 1 and 65535, inclusive']);
  assert.deepEqual(checkId(-1), ['must be between 0 and 2147483647, inclusive']);
  assert.deepEqual(checkFileMode(0o777), []);
  assert.deepEqual(checkFileMode(0o1000), ['must be a number between 0 and 0777 (octal), both inclusive']);
});

test('names of HTTP headers are letters, digits and dashes', () => {
  assert.deepEqual(checkHttpHeaderName('X-Request-1'), []);
  assert.match(checkHttpHeaderName('X Header')[0] ?? '', /^a valid HTTP header must consist of/);
});

test('errors carry path, reason and value', () => {
  assert.deepEqual(complaints('spec.a', 'x', ['is bad', 'is worse']), [
    { field: 'spec.a', reason: 'FieldValueInvalid', message: 'Invalid value: "x": is bad' },
    { field: 'spec.a', reason: 'FieldValueInvalid', message: 'Invalid value: "x": is worse' },
  ]);
  assert.deepEqual(tooLong('data', 10), {
    field: 'data',
    reason: 'FieldValueTooLong',
    message: 'Too long: may not be more than 10 bytes',
  });
  assert.equal(notFound('a', 'b').message, 'Not found: "b"');
});
