import assert from 'node:assert/strict';
import { it } from 'node:test';
import { expandVariables } from './expand-variables.ts';

const values = new Map([
  ['NAME', 'web'],
  ['EMPTY', ''],
  ['NESTED', '$(NAME)'],
]);

for (const [text, expected] of [
  ['$(NAME)', 'web'],
  ['a-$(NAME)-b-$(NAME)', 'a-web-b-web'],
  ['$(EMPTY)', ''],
  ['$(MISSING)', '$(MISSING)'],
  ['$$(NAME)', '$(NAME)'],
  ['$$$(NAME)', '$web'],
  ['$$$$(NAME)', '$$(NAME)'],
  ['$NAME', '$NAME'],
  ['$(NAME', '$(NAME'],
  ['cost: 5$', 'cost: 5$'],
  ['$$', '$'],
  ['$(NESTED)', '$(NAME)'],
  ['$()', '$()'],
  ['', ''],
] as const) {
  it(`makes ${JSON.stringify(expected)} of ${JSON.stringify(text)}`, () => {
    assert.equal(
      expandVariables(text, (name) => values.get(name)),
      expected,
    );
  });
}
