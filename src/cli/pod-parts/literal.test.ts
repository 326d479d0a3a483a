import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expandVariables } from '../../agent/container-config/expand-variables.ts';
import { literal } from './literal.ts';

test('what people type arrives as it is, whatever dollars are in it', () => {
  for (const text of [
    '',
    'a',
    '$HOME',
    '$$',
    '$(date)',
    '$$(x)',
    '$',
    'a$',
    '$((1+2))',
    'echo $$ $HOME $(id -u) $$$',
    '$$$$',
  ]) {
    assert.equal(
      expandVariables(literal(text), () => 'expanded'),
      text,
      text,
    );
  }
});

test('what Kubernetes leaves alone stays readable', () => assert.equal(literal('echo $HOME'), 'echo $HOME'));
