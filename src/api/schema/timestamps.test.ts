import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { normalizeTime, timeFromUnix } from './timestamps.ts';

describe('normalizeTime', () => {
  for (const { given, gives } of [
    { given: '2026-11-22T10:00:00Z', gives: '2026-11-22T10:00:00Z' },
    { given: '2026-11-22T10:00:00.999999999Z', gives: '2026-11-22T10:00:00Z' },
    { given: '2026-11-22T10:00:00+05:30', gives: '2026-11-22T04:30:00Z' },
    { given: '2024-02-29T00:00:00-01:00', gives: '2024-02-29T01:00:00Z' },
    { given: '1970-01-01T00:00:00Z', gives: '1970-01-01T00:00:00Z' },
    { given: '0001-01-01T00:00:00Z', gives: undefined },
    { given: '9999-12-31T23:59:59Z', gives: '9999-12-31T23:59:59Z' },
    { given: '9999-12-31T23:59:59-00:01', gives: 'Malformed' },
    { given: '0000-12-31T23:59:59Z', gives: 'Malformed' },
    { given: '2023-02-29T00:00:00Z', gives: 'Malformed' },
    { given: '2026-04-31T00:00:00Z', gives: 'Malformed' },
    { given: '2026-01-01T24:00:00Z', gives: 'Malformed' },
    { given: '2026-01-01T00:00:60Z', gives: 'Malformed' },
    { given: '2026-01-01T00:00:00', gives: 'Malformed' },
    { given: '2026-01-01', gives: 'Malformed' },
    { given: '2026-01-01T00:00:00+24:00', gives: 'Malformed' },
    { given: '26-01-01T00:00:00Z', gives: 'Malformed' },
    { given: '', gives: 'Malformed' },
  ]) {
    it(`makes ${gives} of "${given}"`, () => assert.equal(normalizeTime(given, 'seconds'), gives));
  }

  it('keeps six digits of a fraction', () => {
    assert.equal(normalizeTime('2026-01-01T00:00:00.1234567Z', 'micros'), '2026-01-01T00:00:00.123456Z');
    assert.equal(normalizeTime('2026-01-01T00:00:00Z', 'micros'), '2026-01-01T00:00:00.000000Z');
  });

  it('never throws, and leaves alone what it gave', () => {
    fc.assert(
      fc.property(fc.string(), fc.constantFrom('seconds' as const, 'micros' as const), (text, precision) => {
        assert.equal(normalizeTime(text, precision), 'Malformed');
      }),
    );
    fc.assert(
      fc.property(fc.date({ min: new Date(0), max: new Date('9999-01-01'), noInvalidDate: true }), (date) => {
        const once = normalizeTime(date.toISOString(), 'micros');
        assert.equal(normalizeTime(once ?? '', 'micros'), once);
      }),
    );
  });
});

describe('timeFromUnix', () => {
  it('refuses instants that RFC 3339 cannot write', () => {
    assert.equal(timeFromUnix(253_402_300_800, 0, 'seconds'), 'Malformed');
    assert.equal(timeFromUnix(-62_135_596_801, 0, 'seconds'), 'Malformed');
    assert.equal(timeFromUnix(0, 1e9, 'seconds'), 'Malformed');
    assert.equal(timeFromUnix(0, -1, 'seconds'), 'Malformed');
  });

  it('takes only the very first instant for no time', () => {
    assert.equal(timeFromUnix(-62_135_596_800, 0, 'micros'), undefined);
    assert.equal(timeFromUnix(-62_135_596_800, 1000, 'micros'), '0001-01-01T00:00:00.000001Z');
  });
});
