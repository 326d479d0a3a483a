import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { mergeTables } from './merge-tables.ts';

const table = (node: string, text: string, hasHeader = true): Parameters<typeof mergeTables>[0][number] => ({
  node,
  text,
  hasHeader,
});

describe('tables of several devices', () => {
  it('become one where they have the same columns, in the order of the devices', () => {
    assert.equal(
      mergeTables([table('a', 'NAME\tAGE\nx\t1s\n'), table('b', 'NAME\tAGE\ny\t2s\nz\t3s\n')]),
      'NODE\tNAME\tAGE\na\tx\t1s\nb\ty\t2s\nb\tz\t3s\n',
    );
  });

  it('stay apart where they have others', () => {
    assert.equal(
      mergeTables([table('a', 'NAME\nx\n'), table('a', 'KEY\nk\n'), table('b', 'NAME\ny\n')]),
      'NODE\tNAME\na\tx\nb\ty\n\nNODE\tKEY\na\tk\n',
    );
  });

  it('need no header', () => {
    assert.equal(mergeTables([table('a', 'x\t1\n', false), table('b', 'y\t2\n', false)]), 'a\tx\t1\nb\ty\t2\n');
  });

  it('may be none', () => assert.equal(mergeTables([]), ''));
});
