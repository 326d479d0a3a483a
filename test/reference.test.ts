/** The reference says what the code says. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { referencePages } from '../scripts/reference.ts';
import { eliotdHelp } from '../src/agent/settings/help.ts';
import { flagKeys, flagName } from '../src/agent/settings/load-settings.ts';

const root = join(import.meta.dirname, '..');

describe('the reference', () => {
  for (const [path, text] of referencePages()) {
    it(`${path} is what scripts/reference.ts makes of the code`, () => {
      assert.equal(readFileSync(join(root, path), 'utf8'), text, 'run: node scripts/reference.ts');
    });
  }

  it('has no page that nothing generates', () => {
    const generated = [...referencePages().keys()];
    const committed = readdirSync(join(root, 'docs/reference')).map((name) => `docs/reference/${name}`);
    assert.deepEqual(committed.sort(), generated.sort());
  });

  it('and the help of eliotd name every flag', () => {
    for (const key of flagKeys) assert.ok(eliotdHelp.includes(`  ${flagName(key)} `), `${flagName(key)} is not in it`);
  });
});
