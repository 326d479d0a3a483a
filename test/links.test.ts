/** What the pages point to is there. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';

const root = join(import.meta.dirname, '..');
const pages = [
  ...readdirSync(root).filter((name) => name.endsWith('.md')),
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

describe('the pages', () => {
  for (const page of pages) {
    const text = readFileSync(join(root, page), 'utf8');

    it(`${page} links only to what exists`, () => {
      const targets = [...text.matchAll(/\]\((?!https?:|#)([^)#]+)(?:#[^)]*)?\)/g)].map((match) => match[1] ?? '');
      assert.deepEqual(
        targets.filter((target) => !existsSync(join(root, dirname(page), target))),
        [],
      );
    });

    it(`${page} names only decisions that are written down`, () => {
      const numbers = [...text.matchAll(/docs\/adr\/(\d{4})/g)].map((match) => match[1] ?? '');
      const written = readdirSync(join(root, 'docs/adr')).map((name) => name.slice(0, 4));
      assert.deepEqual(
        numbers.filter((number) => !written.includes(number)),
        [],
      );
    });
  }

  it('ARCHITECTURE.md names only files and folders that exist', () => {
    const text = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8');
    const paths = [...text.matchAll(/`((?:src|test|docs|scripts|proto)\/[\w./-]+)`/g)].map((match) => match[1] ?? '');
    assert.ok(paths.length > 10);
    assert.deepEqual(
      paths.filter((path) => !existsSync(join(root, path))),
      [],
    );
  });
});
