import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Level } from '../scripts/tests/levels.ts';
import { nextFile, type TestFile } from '../scripts/tests/next-file.ts';

const level = (name: string, atOnce: number): Level => ({ name, atOnce, files: '', timeoutMs: 1 });
const many = level('many', 4);
const single = level('single', 1);
const files = (of: Level, ...paths: string[]): TestFile[] => paths.map((path) => ({ level: of, path }));
const busy = { cores: 2, idleShare: 0.1, sinceLastStartMs: 60_000 };
const idle = { ...busy, idleShare: 0.8 };

describe('the next test file', () => {
  it('is the first one while there are fewer than cores', () => {
    assert.equal(nextFile(files(many, 'a', 'b'), files(many, 'x'), busy)?.path, 'a');
  });

  it('waits when the machine is busy, or nobody knows yet whether it is', () => {
    assert.equal(nextFile(files(many, 'a'), files(many, 'x', 'y'), busy), undefined);
    assert.equal(nextFile(files(many, 'a'), files(many, 'x', 'y'), { ...busy, idleShare: undefined }), undefined);
  });

  it('begins on an idle machine, one after the other, and never more than two for a core', () => {
    assert.equal(nextFile(files(many, 'a'), files(many, 'x', 'y'), idle)?.path, 'a');
    assert.equal(nextFile(files(many, 'a'), files(many, 'x', 'y'), { ...idle, sinceLastStartMs: 500 }), undefined);
    assert.equal(nextFile(files(many, 'a'), files(many, 'w', 'x', 'y', 'z'), { ...idle, cores: 2 }), undefined);
  });

  it('is of another level when one runs as many as it may', () => {
    const waiting = [...files(single, 'a', 'b'), ...files(many, 'c')];
    assert.equal(nextFile(waiting, files(single, 'x'), busy)?.path, 'c');
    assert.equal(nextFile(files(single, 'a'), files(single, 'x'), idle), undefined);
  });

  it('is one more on a busy machine when its level says so', () => {
    const light = { ...level('light', 4), perCore: 2 };
    assert.equal(nextFile(files(light, 'a'), files(light, 'x', 'y', 'z'), busy)?.path, 'a');
    assert.equal(nextFile(files(light, 'a'), files(light, 'w', 'x', 'y', 'z'), busy), undefined);
  });

  it('is none when all have started', () => assert.equal(nextFile([], [], idle), undefined));
});
