import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ContainerConfigError } from './container-env.ts';
import { expandSubPath } from './sub-path-expression.ts';

const env = new Map([
  ['POD', 'web'],
  ['ROOT', '/etc'],
  ['UP', '..'],
  ['EMPTY', ''],
]);

describe('a subPathExpr', () => {
  it('is made of variables', () => {
    assert.equal(expandSubPath('logs/$(POD)/$$(POD)', env), 'logs/web/$(POD)');
  });

  for (const { expression, message } of [
    { expression: '$(NONE)/$(EMPTY)', message: 'missing value for EMPTY, NONE' },
    { expression: '$(ROOT)', message: 'error SubPath `/etc` must not be an absolute path' },
    { expression: 'a/$(UP)/b', message: "unable to provision SubPath `a/../b`: must not contain '..'" },
  ]) {
    it(`is refused: ${message}`, () => {
      assert.throws(() => expandSubPath(expression, env), new ContainerConfigError(message));
    });
  }
});
