import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ownName } from './own-name.ts';

describe('the name of who pairs', () => {
  it('is user@host', () => {
    assert.equal(ownName({ USER: 'anna' }, 'laptop.lan'), 'anna@laptop');
    assert.equal(ownName({ LOGNAME: 'anna' }, 'laptop'), 'anna@laptop');
    assert.equal(ownName({}, 'laptop'), 'someone@laptop');
  });

  it('fits into a certificate whatever the user is called', () => {
    assert.equal(ownName({ USER: 'DOMAIN\\zoë' }, 'my laptop'), 'DOMAIN-zoe@my-laptop');
    assert.equal(ownName({ USER: 'anna' }, ''), 'anna');
    assert.equal(ownName({ USER: '世界' }, '-'), 'someone');
    assert.equal(ownName({ USER: 'x'.repeat(100) }, 'laptop').length, 64);
  });
});
