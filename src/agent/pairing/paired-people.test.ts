import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hasPairedPerson } from './paired-people.ts';

const admin = { fingerprint: 'aa', name: 'eliot-admin' };
const hasPaired = (...rows: (typeof admin)[]): boolean => hasPairedPerson({ list: () => rows }, admin.fingerprint);

describe('whether anybody has paired', () => {
  it("the device's own administrator is nobody", () => {
    assert.equal(hasPaired(), false);
    assert.equal(hasPaired(admin), false);
  });

  it('everybody else is somebody, whatever he is called', () => {
    assert.equal(hasPaired(admin, { fingerprint: 'bb', name: 'anna' }), true);
    assert.equal(hasPaired(admin, { fingerprint: 'bb', name: admin.name }), true);
  });
});
