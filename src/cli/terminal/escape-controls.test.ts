import assert from 'node:assert/strict';
import { it } from 'node:test';
import { escapeControls } from './escape-controls.ts';

it('control characters of others are shown, not obeyed', () => {
  assert.equal(escapeControls('\u001b]52;c;ZXZpbA==\u0007\u001b[2J\r'), '^[]52;c;ZXZpbA==^G^[[2J^M');
  assert.equal(escapeControls('a\u009b2Jb\u007f'), 'a<9b>2Jb^?');
  assert.equal(escapeControls('two\tcells\nand a line of ✓ letters'), 'two\tcells\nand a line of ✓ letters');
});
