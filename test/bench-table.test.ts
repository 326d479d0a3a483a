import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { benchTable, putBetweenMarkers } from '../scripts/bench-table.ts';

const results = {
  date: '2026-11-22T23:00:00.000Z',
  node: 'v24.21.0',
  rounds: 10,
  pods: 40,
  idleSeconds: 60,
  rows: [
    { what: 'eliotd, 40 pods: PSS', budget: '', measured: '70.5 MB' },
    { what: 'containerd, 40 pods: PSS', budget: '', measured: '60.0 MB' },
    { what: 'shims, 40 pods: PSS', budget: '', measured: '200.0 MB' },
    { what: 'start', budget: '<= 400 ms', measured: '500 ms', isMet: false },
  ],
};

describe('the benchmark in the README', () => {
  it('says what was missed as plainly as what was met', () => {
    assert.match(benchTable(results), /^\| start \| <= 400 ms \| 500 ms \| no \|$/m);
  });

  it('adds eliotd, containerd and shims up', () => {
    assert.match(benchTable(results), /all together, 40 pods: PSS.*330\.5 MB/);
  });

  it('gives no sum when a part was not measured', () => {
    assert.doesNotMatch(benchTable({ ...results, rows: results.rows.slice(1) }), /all together/);
  });

  it('says when and how it was measured', () => {
    assert.match(
      benchTable(results),
      /Measured on 2026-11-22 with Node 24\.21\.0: 10 rounds, 40 pods, idle for 60 s\./,
    );
  });

  it('goes between the markers and leaves the rest, as often as it is written', () => {
    const readme = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8');
    const once = putBetweenMarkers(readme, 'TABLE');
    assert.equal(putBetweenMarkers(once, 'TABLE'), once);
    assert.equal(once.slice(0, 200), readme.slice(0, 200));
    assert.equal(once.slice(-200), readme.slice(-200));
  });
});
