import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { padLogTime, parseLogLine, parseLogTime } from './log-line.ts';

describe('parseLogLine', () => {
  it('reads time, completeness and text', () => {
    const line = parseLogLine(Buffer.from('2026-11-22T10:00:00.123456789Z stdout F hello  world '));
    assert.equal(line?.time, '2026-11-22T10:00:00.123456789Z');
    assert.equal(line?.isPartial, false);
    assert.equal(String(line?.text), 'hello  world ');
  });

  it('tells stdout from stderr', () => {
    const isStdout = (stream: string): boolean | undefined =>
      parseLogLine(Buffer.from(`2026-11-22T10:00:00Z ${stream} F abc`))?.isStdout;
    assert.deepEqual([isStdout('stdout'), isStdout('stderr')], [true, false]);
  });

  it('knows a piece of a long line', () => {
    assert.equal(parseLogLine(Buffer.from('2026-11-22T10:00:00Z stderr P abc'))?.isPartial, true);
  });

  it('takes more tags than one', () => {
    const line = parseLogLine(Buffer.from('2026-11-22T10:00:00Z stdout P:x abc'));
    assert.deepEqual([line?.isPartial, String(line?.text)], [true, 'abc']);
  });

  it('keeps bytes that are no text', () => {
    const text = Buffer.from([0, 0xff, 0xfe, 0x20]);
    const line = parseLogLine(Buffer.concat([Buffer.from('2026-11-22T10:00:00Z stdout F '), text]));
    assert.deepEqual(line?.text, text);
  });

  it('reads an empty line with and without the space after its tag', () => {
    assert.equal(String(parseLogLine(Buffer.from('2026-11-22T10:00:00Z stdout F '))?.text), '');
    assert.equal(String(parseLogLine(Buffer.from('2026-11-22T10:00:00Z stdout F'))?.text), '');
  });

  for (const text of ['', 'nonsense', ' ', 'a b', 'a b ', '{"log":"x\\n"}']) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      assert.equal(parseLogLine(Buffer.from(text)), undefined);
    });
  }
});

describe('parseLogTime', () => {
  it('reads nanoseconds and zones', () => {
    assert.equal(parseLogTime('2026-01-01T00:00:00.123999999Z'), Date.UTC(2026, 0, 1, 0, 0, 0, 123));
    assert.equal(parseLogTime('2026-01-01T01:00:00.5+01:00'), Date.UTC(2026, 0, 1, 0, 0, 0, 500));
  });
});

describe('padLogTime', () => {
  for (const [time, padded] of [
    ['2026-01-01T00:00:00Z', '2026-01-01T00:00:00.000000000Z'],
    ['2026-01-01T00:00:00.12Z', '2026-01-01T00:00:00.120000000Z'],
    ['2026-01-01T00:00:00.123456789+02:00', '2026-01-01T00:00:00.123456789+02:00'],
    ['whatever', 'whatever'],
  ] as const) {
    it(`shows ${time} as ${padded}`, () => assert.equal(padLogTime(time), padded));
  }
});
