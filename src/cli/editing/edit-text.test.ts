import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { StatusError } from '../../lib/status-error.ts';
import { headerText, isEmptyEdit, reasonOf, withoutHeader } from './edit-text.ts';
import { editorCommand } from './editor.ts';

describe('the text of an edit', () => {
  it('begins with a remark and the reasons, all of it comments', () => {
    const header = headerText([{ head: 'pods "a" was not valid', details: ['spec.x: no\nway'] }]);
    assert.match(header, /^# Please edit the object below\. Lines beginning with a '#' will be ignored,\n/);
    assert.match(header, /\n#\n# pods "a" was not valid:\n# \* spec\.x: no\n# way\n#\n$/);
    assert.ok(
      header
        .trimEnd()
        .split('\n')
        .every((line) => line.startsWith('#')),
    );
    assert.equal(withoutHeader(`${header}kind: Pod\n`), 'kind: Pod\n');
  });

  it('keeps lines with # below its header', () => {
    const script = 'data:\n  run.sh: |\n    #!/bin/sh\n# left\n';
    assert.equal(withoutHeader(`# remark\n${script}`), script);
  });

  for (const [text, isEmpty] of [
    ['', true],
    ['# only\n\n   \n  # this\n', true],
    ['# a\nkind: Pod\n', false],
  ] as const) {
    it(`${JSON.stringify(text)} is ${isEmpty ? 'empty' : 'not empty'}`, () => assert.equal(isEmptyEdit(text), isEmpty));
  }

  it('says what was invalid, and nothing of what editing cannot mend', () => {
    const causes = [{ reason: 'FieldValueInvalid', message: 'Invalid value: "-1"', field: 'spec.replicas' }];
    const details = { causes };
    assert.deepEqual(reasonOf(new StatusError('Invalid', 'all of it', { details }), 'pods "a"'), {
      head: 'pods "a" was not valid',
      details: ['spec.replicas: Invalid value: "-1"'],
    });
    assert.deepEqual(reasonOf(new StatusError('BadRequest', 'unknown field "x"'), 'pods "a"')?.details, [
      'unknown field "x"',
    ]);
    assert.equal(reasonOf(new StatusError('Conflict', 'again'), 'pods "a"'), undefined);
  });
});

describe('the editor', () => {
  for (const [env, command] of [
    [{}, ['vi']],
    [{ EDITOR: 'nano' }, ['nano']],
    [{ EDITOR: 'nano', KUBE_EDITOR: 'code --wait' }, ['code', '--wait']],
    [{ EDITOR: `emacs -e '(x y)'`, SHELL: '/bin/zsh' }, ['/bin/zsh', '-c', `emacs -e '(x y)' "$1"`, 'editor']],
  ] as const) {
    it(`of ${JSON.stringify(env)} is ${command.join(' ')}`, () => assert.deepEqual(editorCommand(env), command));
  }
});
