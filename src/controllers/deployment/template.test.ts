import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PodTemplateSpec } from '../../api/kinds/pod/template.ts';
import { isSameTemplate } from './template.ts';

const template = (container: object = {}, labels: Record<string, string> = {}): PodTemplateSpec =>
  ({
    metadata: { labels: { app: 'web', ...labels } },
    spec: { containers: [{ name: 'main', image: 'app:1', ...container }] },
  }) as unknown as PodTemplateSpec;

describe('two templates are the same', () => {
  it('when they differ only in the label that tells their pods apart', () => {
    assert.ok(isSameTemplate(template(), template({}, { 'pod-template-hash': 'abc' })));
    assert.ok(!isSameTemplate(template(), template({}, { tier: 'front' })));
  });

  it('when one was stored with a stop signal, which is dropped when it is written next', () => {
    assert.ok(isSameTemplate(template(), template({ lifecycle: { stopSignal: 'SIGUSR1' } })));
    assert.ok(!isSameTemplate(template(), template({ lifecycle: { preStop: { sleep: { seconds: 1 } } } })));
  });
});
