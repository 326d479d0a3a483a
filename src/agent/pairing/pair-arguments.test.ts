import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { groupsOfPeople, rulesOfGroups } from '../../apiserver/group-rules.ts';
import { parsePairArguments } from './pair-arguments.ts';

const groupsOf = (...args: readonly string[]): readonly string[] => parsePairArguments(args).request.groups;

describe('the flags of eliotd pair', () => {
  it('let somebody do everything unless they say otherwise', () => {
    assert.deepEqual(parsePairArguments([]), { request: { groups: ['system:masters'] }, quiet: false, settings: [] });
  });

  it('name groups in short or whole, one or several, each once', () => {
    assert.deepEqual(groupsOf('--group', 'developers'), ['eliot:developers']);
    assert.deepEqual(groupsOf('--group=viewers,eliot:developers', '--group', 'masters,viewers'), [
      'eliot:viewers',
      'eliot:developers',
      'system:masters',
    ]);
    for (const group of groupsOfPeople) assert.deepEqual(groupsOf('--group', group), [group]);
  });

  it('name no group that may do nothing: a slip of the pen makes a person who is let in for nothing', () => {
    for (const typed of ['developer', 'Viewers', 'team', 'constructor', 'viewers,', 'system:authenticated']) {
      const wrong = typed === 'viewers,' ? '' : typed;
      assert.throws(() => groupsOf('--group', typed), {
        reason: 'Invalid',
        message: `there is no group "${wrong}"; there are: masters, developers, viewers`,
      });
    }
    const withRules = [...rulesOfGroups.keys()].filter((group) => group !== 'system:authenticated');
    assert.deepEqual(new Set(['system:masters', ...withRules]), new Set(groupsOfPeople));
  });

  it('give a name, ask for the code alone, and leave the settings of eliotd', () => {
    const args = ['--run-dir', '/run/x', '--name', 'anna', '-q', '--config=/etc/x.yaml'];
    assert.deepEqual(parsePairArguments(args), {
      request: { groups: ['system:masters'], name: 'anna' },
      quiet: true,
      settings: ['--run-dir', '/run/x', '--config=/etc/x.yaml'],
    });
  });

  it('say which flag lacks its value', () => {
    for (const args of [['--name'], ['--group'], ['--name='], ['--group', '']]) {
      assert.throws(() => parsePairArguments(args), { reason: 'Invalid', message: /^--(name|group) needs a value/ });
    }
  });
});
