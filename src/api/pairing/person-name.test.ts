import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { problemOfPersonName } from './person-name.ts';

describe("the name in a person's certificate", () => {
  it('may be a name, an address of mail, or user@host', () => {
    for (const name of ['anna', 'anna@laptop', 'a.b+c@example.org', 'x', 'A-1_b', 'x'.repeat(64)]) {
      assert.equal(problemOfPersonName(name), undefined, name);
    }
  });

  it('is neither one of the system nor of the device itself', () => {
    assert.match(problemOfPersonName('system:admin') ?? '', /must consist of letters/);
    for (const name of ['root', 'Root', 'eliot-admin']) {
      assert.match(problemOfPersonName(name) ?? '', /must not be one of the device's own/, name);
    }
  });

  it('can be shown and written down anywhere', () => {
    for (const name of ['', ' ', 'a b', 'a\n', 'zoë', '-a', 'a-', '@', 'a/b', 'x'.repeat(65)]) {
      assert.notEqual(problemOfPersonName(name), undefined, JSON.stringify(name));
    }
  });
});
