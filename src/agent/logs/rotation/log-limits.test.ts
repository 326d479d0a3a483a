import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Pod } from '../../../api/kinds/pod/types.ts';
import { makePod } from '../../../testing/pods.ts';
import { type LogSettings, logAnnotationProblems, logLimits, logStorage } from './log-limits.ts';

const settings: LogSettings = {
  containerLogMaxSize: 10_485_760,
  containerLogMaxFiles: 5,
  containerLogStorage: 'disk',
  containerLogMemory: 1_048_576,
  podLogRate: 1_048_576,
};

const podWith = (annotations: Record<string, string>): Pod => makePod({ metadata: { annotations } });

describe('limits of logs', () => {
  it('are the settings where the pod says nothing', () => {
    assert.deepEqual(logLimits(settings, podWith({}), 'disk'), {
      maxFileBytes: 10_485_760,
      maxFiles: 5,
      bytesPerSecond: 1_048_576,
      burstBytes: 10_485_760,
    });
  });

  it('hold both files of a log in memory within its size', () => {
    const { maxFileBytes, maxFiles } = logLimits(settings, podWith({}), 'memory');
    assert.equal(maxFileBytes * maxFiles, settings.containerLogMemory);
  });

  for (const [text, bytesPerSecond] of [
    ['64Ki', 65_536],
    ['1k', 1_000],
    ['0', 0],
    ['-1', 1_048_576],
    ['much', 1_048_576],
  ] as const) {
    it(`take the rate ${text} as ${bytesPerSecond} bytes a second`, () => {
      assert.equal(logLimits(settings, podWith({ 'eliot.run/log-rate': text }), 'disk').bytesPerSecond, bytesPerSecond);
    });
  }

  it('lie where the pod says, else where the device says', () => {
    assert.equal(logStorage(settings, podWith({})), 'disk');
    assert.equal(logStorage(settings, podWith({ 'eliot.run/log-storage': 'memory' })), 'memory');
    assert.equal(logStorage(settings, podWith({ 'eliot.run/log-storage': 'cloud' })), 'disk');
  });

  it('name the annotations that have no effect', () => {
    assert.deepEqual(
      logAnnotationProblems(podWith({ 'eliot.run/log-rate': '1Mi', 'eliot.run/log-storage': 'disk' })),
      [],
    );
    assert.deepEqual(
      logAnnotationProblems(podWith({ 'eliot.run/log-rate': 'much', 'eliot.run/log-storage': 'cloud' })),
      [
        'annotation eliot.run/log-rate: "much" is no number of bytes a second, for example 64Ki',
        'annotation eliot.run/log-storage: "cloud" is neither disk nor memory',
      ],
    );
  });
});
