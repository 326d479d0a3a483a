import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { explain } from './describe-start-failure.ts';
import { nameSome, statusLine } from './up-report.ts';

describe('what a person sees', () => {
  it('is one line of what there is to say', () => {
    assert.equal(statusLine('web', { program: 'starting', addresses: [], files: '' }), 'web starting · Ctrl-C ends it');
    assert.equal(
      statusLine('web', {
        program: 'running',
        addresses: ['http://localhost:80', 'http://localhost:81'],
        files: 'a synced',
      }),
      'web running · http://localhost:80 · http://localhost:81 · a synced · Ctrl-C ends it',
    );
  });

  it('names one of many files', () => {
    assert.equal(nameSome(['a']), 'a');
    assert.equal(nameSome(['a', 'b', 'c']), 'a and 2 more');
  });

  it('says of an image what is wrong with it', () => {
    assert.equal(
      explain('a:1', 'no match for platform in manifest', 'arm64').message,
      'a:1 has nothing for arm64, the architecture of the device',
    );
    assert.equal(explain('a:1', 'not found', undefined).message, 'a:1 could not be started: not found');
  });
});
