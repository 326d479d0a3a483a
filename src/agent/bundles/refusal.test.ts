import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { StatusError } from '../../lib/status-error.ts';
import { obstacleOf, RefusalError } from './refusal.ts';

describe('what stands in the way of a bundle', () => {
  const incomplete = { details: { causes: [{ reason: 'Incomplete', message: '' }] } };
  for (const { what, error, obstacle } of [
    { what: 'a damaged file', error: new StatusError('Invalid', ''), obstacle: 'File' },
    { what: 'a manifest that cannot be read', error: new StatusError('BadRequest', ''), obstacle: 'File' },
    { what: 'a file that ends early', error: new StatusError('Invalid', '', incomplete), obstacle: 'Copy' },
    { what: 'a quota, or a namespace that ends', error: new StatusError('Forbidden', ''), obstacle: 'Device' },
    { what: 'an object of somebody else', error: new StatusError('Conflict', ''), obstacle: 'Device' },
    { what: 'a namespace that is not there yet', error: new StatusError('NotFound', ''), obstacle: 'Device' },
    { what: 'a full disk', error: new StatusError('InsufficientStorage', ''), obstacle: 'Device' },
    { what: 'containerd that is away', error: new StatusError('ServiceUnavailable', ''), obstacle: 'Device' },
    { what: 'another bundle that comes', error: new StatusError('TooManyRequests', ''), obstacle: 'Device' },
    { what: 'a stick that cannot be read', error: new Error('EIO'), obstacle: 'Device' },
    { what: 'a version that is refused', error: new RefusalError('Conflict', '', 'File'), obstacle: 'File' },
    { what: 'a key that nobody trusts', error: new RefusalError('Forbidden', '', 'Keys'), obstacle: 'Keys' },
  ]) {
    it(`by ${what} is: ${obstacle}`, () => assert.equal(obstacleOf(error), obstacle));
  }
});
