import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseCopy } from './file-spec.ts';

describe('what to copy', () => {
  for (const [args, direction] of [
    [['a', 'web:/b'], { kind: 'to pod', from: { path: 'a' }, to: { pod: 'web', path: '/b' } }],
    [['ns/web:b:c', '.'], { kind: 'from pod', from: { namespace: 'ns', pod: 'web', path: 'b:c' }, to: { path: '.' } }],
    [['./a:b', 'web:/b'], { kind: 'to pod', from: { path: './a:b' }, to: { pod: 'web', path: '/b' } }],
  ] as const) {
    it(args.join(' '), () => assert.deepEqual(parseCopy(args), direction));
  }

  for (const [args, complaint] of [
    [['a'], 'source and destination are required'],
    [['a', 'b', 'c:d'], 'source and destination are required'],
    [['a', 'b'], 'one of src or dest must be a remote file specification'],
    [['x:a', 'y:b'], 'one of src or dest must be a local file specification'],
    [['x:', 'b'], 'filepath can not be empty'],
    [[':a', 'b'], 'filespec must match the canonical format: [[namespace/]pod:]file/path'],
    [['a/b/c:d', 'b'], 'filespec must match the canonical format: [[namespace/]pod:]file/path'],
  ] as const) {
    it(`${args.join(' ')} is refused: ${complaint}`, () => {
      assert.throws(
        () => parseCopy(args),
        (error: Error) => error.message === complaint,
      );
    });
  }
});
