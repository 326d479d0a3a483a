import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatCounts, readScenarios } from '../scripts/tests/conformance-counts.ts';
import areas from './conformance/areas.json' with { type: 'json' };

describe('the counts of conformance scenarios', () => {
  it('are read from the names of tests, in colour as well', () => {
    const { passed, failed } = readScenarios([
      '    ✔ probe/liveness-exec-ok: stays (12ms)',
      '\u001b[32m✔ init/restart-never-ok: runs (1ms)\u001b[39m',
      '✖ hooks/prestop-http: is sent (3ms)',
      '✔ a test of our own: no scenario (3ms)',
      '﹣ hooks/prestop-exec: runs (3ms) # SKIP',
    ]);
    assert.deepEqual([...passed], ['probe/liveness-exec-ok', 'init/restart-never-ok']);
    assert.deepEqual([...failed], ['hooks/prestop-http']);
  });

  it('count no scenario that failed in one of its tests', () => {
    const { passed } = readScenarios(['✔ a/b: once (1ms)', '✖ a/b: twice (1ms)']);
    assert.deepEqual([...passed], []);
  });

  it('are printed per area, with what failed and what is misspelt', () => {
    const lines = formatCounts([{ level: 'L1', area: 'Probes', scenarios: ['probe/a', 'probe/b'] }], {
      passed: new Set(['probe/a', 'probe/c', 'net/http']),
      failed: new Set(['probe/b']),
    });
    assert.deepEqual(lines, ['L1      1/2  Probes', 'all     1/2', 'failed: probe/b', 'in no area: probe/c']);
  });

  it('know each scenario once', () => {
    const ids = areas.flatMap(({ scenarios }) => scenarios);
    assert.equal(new Set(ids).size, ids.length);
  });
});
