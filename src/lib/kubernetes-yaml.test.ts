import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseYaml, YamlError } from './kubernetes-yaml.ts';

function fault(text: string): YamlError {
  try {
    parseYaml(text);
  } catch (error) {
    assert.ok(error instanceof YamlError, String(error));
    return error;
  }
  return assert.fail('it was not refused');
}

// What single values mean stands in src/cli/manifests/yaml-options.test.ts, for both readers at once.
describe('parseYaml', () => {
  it('reads maps, lists and blocks, and JSON too', () => {
    assert.deepEqual(parseYaml('a: [1, {b: c}]\nd: |\n  e\n  f\n'), { a: [1, { b: 'c' }], d: 'e\nf\n' });
    assert.deepEqual(parseYaml('{"a": [1, null, "b\\u00e9"]}'), { a: [1, null, 'bé'] });
  });

  it('gives copies for aliases, so that a change of one changes nothing else', () => {
    const value = parseYaml('a: &a {b: 1}\nc: *a') as { a: { b: number }; c: { b: number } };
    value.a.b = 2;
    assert.equal(value.c.b, 1);
  });

  it('gives a key of the name __proto__ as an ordinary key', () => {
    const value = parseYaml('__proto__: {a: 1}') as object;
    assert.deepEqual(Object.keys(value), ['__proto__']);
    assert.equal(Object.getPrototypeOf(value), Object.prototype);
  });

  it('says the line of a fault', () => {
    assert.equal(fault('a: 1\nb: "x\n').line, 2);
    assert.equal(fault('a: .inf').line, undefined);
  });

  for (const { what, text } of [
    { what: 'nothing at all', text: '' },
    { what: 'only comments', text: '# nothing\n' },
    { what: 'what is no YAML', text: 'a: [' },
    { what: 'two documents', text: 'a: 1\n---\nb: 2' },
    { what: 'a key that comes twice', text: 'a: 1\na: 2' },
    { what: 'an alias of nothing', text: 'a: *b' },
    { what: 'a number that JSON does not have', text: 'a: .nan' },
    { what: 'a tag that is not known', text: 'a: !!js/function "x"' },
    { what: 'null as a key', text: '~: 1' },
    { what: 'a list as a key', text: '? [a]\n: 1' },
  ]) {
    it(`refuses ${what}`, () => assert.equal(fault(text).isTooLarge, false));
  }

  const many = (count: number, text: string): string => text.repeat(count);
  for (const { what, text } of [
    { what: 'a document inside itself', text: 'a: &a [*a]' },
    { what: 'more than 100,000 values', text: `[${many(100_001, 'a,')}]` },
    { what: 'more than 100,000 values by aliases', text: `a: &a [${many(400, 'x,')}]\nb: [${many(300, '*a,')}]` },
    { what: 'more than 3 MiB of text by aliases', text: `a: &a ${many(40_000, 'x')}\nb: [${many(100, '*a,')}]` },
    { what: 'more than 200,000 lines', text: many(200_001, '#\n') },
  ]) {
    it(`refuses ${what} as too large`, () => assert.equal(fault(text).isTooLarge, true));
  }

  it('bears 100,000 values and a text of 1 MiB', () => {
    assert.equal((parseYaml(`[${many(99_999, 'a,')}]`) as string[]).length, 99_999);
    assert.equal((parseYaml(`a: |\n${many(20_000, `  ${'x'.repeat(50)}\n`)}`) as { a: string }).a.length, 1_020_000);
  });

  it('refuses nesting past 1000, and bears 990', () => {
    assert.match(fault(many(1_001, '[') + many(1_001, ']')).message, /maxDepth/);
    assert.ok(parseYaml(many(990, '[') + many(990, ']')));
  });
});
