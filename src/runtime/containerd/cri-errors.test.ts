import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { GrpcError, grpcCode } from '../../lib/grpc/grpc-error.ts';
import { isStatusError, StatusError } from '../../lib/status-error.ts';
import { isAlreadyRunning, toStatusError } from './cri-errors.ts';

const unknown = (message: string): GrpcError => new GrpcError(grpcCode.unknown, message);

describe('an error of CRI', () => {
  it('about a reserved name is AlreadyExists, with the id that holds it', () => {
    const message = 'failed to reserve sandbox name "web_default_u_0": name "web_default_u_0" is reserved for "d5403c"';
    const error = toStatusError(unknown(message));
    assert.ok(isStatusError(error, 'AlreadyExists'));
    assert.equal(error.details?.uid, 'd5403c');
    assert.equal(error.message, message);
  });

  for (const [message, reason] of [
    ['failed to do it: context deadline exceeded', 'Timeout'],
    ['failed to delete task: ttrpc: closed: unknown', 'ServiceUnavailable'],
    ['server is not initialized yet', 'ServiceUnavailable'],
    ['something else', 'InternalError'],
  ] as const) {
    it(`saying "${message}" is ${reason}`, () => {
      assert.ok(isStatusError(toStatusError(unknown(message)), reason));
    });
  }

  it('without an explanation is what the caller takes it for, with the runtime’s own words', () => {
    const error = toStatusError(unknown('no users found'), 'Invalid');
    assert.ok(isStatusError(error, 'Invalid'));
    assert.equal(error.message, 'no users found');
    assert.ok(error.cause instanceof GrpcError);
  });

  it('with a code that can be trusted stays as it is', () => {
    const error = new GrpcError(grpcCode.notFound, 'an error occurred when try to find container "a": not found');
    assert.equal(toStatusError(error, 'Invalid'), error);
    assert.ok(isStatusError(error, 'NotFound'));
    const other = new StatusError('Timeout', 'x');
    assert.equal(toStatusError(other), other);
  });

  it('tells that a container runs already', () => {
    assert.equal(
      isAlreadyRunning(unknown('failed to set starting state: container is in CONTAINER_RUNNING state')),
      true,
    );
    assert.equal(isAlreadyRunning(unknown('container is in CONTAINER_EXITED state')), false);
  });
});
