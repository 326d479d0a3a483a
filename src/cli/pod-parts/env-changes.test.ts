import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { changeEnv, describeEnv, envNameOfKey, parseEnvChanges, splitEnvChanges } from './env-changes.ts';

const value = (name: string, text: string) => ({ name, value: text });

describe('changes of variables', () => {
  it('stand behind the resources', () => {
    assert.deepEqual(splitEnvChanges(['deploy/web', 'pod', 'x', 'A=b=c', 'B-', '-']), {
      resources: ['deploy/web', 'pod', 'x'],
      changes: ['A=b=c', 'B-', '-'],
    });
    assert.deepEqual(splitEnvChanges(['deploy/web']), { resources: ['deploy/web'], changes: [] });
    assert.throws(() => splitEnvChanges(['A=b', 'deploy/web']), /all resources must be specified before/);
  });

  it('set, remove, and come from stdin', () => {
    const stdin = 'X=1 # remark\n# Y=2\nnothing\r\nZ=\n';
    assert.deepEqual(parseEnvChanges(['A=b=c', 'B-', '-'], stdin), {
      set: [value('A', 'b=c'), value('X', '1 '), value('Z', '')],
      remove: ['B'],
    });
  });

  for (const [changes, message] of [
    [['A=1', 'A-'], /can not both modify and remove the same environment variable/],
    [['1A=1'], /^"1A" is not a valid key name/],
    [['a b=1'], /^"a b" is not a valid key name/],
  ] as const) {
    it(`are refused: ${changes.join(' ')}`, () => assert.throws(() => parseEnvChanges(changes, ''), { message }));
  }

  it('leave what is there in its place, and add what is new at the end, once', () => {
    const from = { name: 'C', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'x' } } };
    assert.deepEqual(
      changeEnv([value('A', '1'), value('B', '1'), from], {
        set: [value('D', '4'), value('A', '2'), value('C', '3'), value('D', '5')],
        remove: ['B', 'nope'],
      }),
      [value('A', '2'), value('C', '3'), value('D', '4')],
    );
  });
});

describe('a variable', () => {
  for (const [from, line] of [
    [{ configMapKeyRef: { name: 'c', key: 'k' } }, '# A from configmap c, key k'],
    [{ secretKeyRef: { name: 's', key: 'k' } }, '# A from secret s, key k'],
    [{ fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.name' } }, '# A from field path metadata.name'],
    [{ resourceFieldRef: { resource: 'limits.cpu', divisor: '0' } }, '# A from resource field limits.cpu'],
    [
      { resourceFieldRef: { containerName: 'main', resource: 'limits.cpu', divisor: '0' } },
      '# A from resource field main/limits.cpu',
    ],
  ] as const) {
    it(`is listed as "${line}"`, () => assert.equal(describeEnv({ name: 'A', valueFrom: from }), line));
  }

  it('is listed with its value, which may be empty', () => {
    assert.equal(describeEnv(value('A', '1')), 'A=1');
    assert.equal(describeEnv({ name: 'A' }), 'A=');
  });

  it('of a key has the name that shells take', () => assert.equal(envNameOfKey('tls.key-1'), 'TLS_KEY_1'));
});
