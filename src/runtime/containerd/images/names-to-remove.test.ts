import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sideLoadedLabel } from './name-image.ts';
import { type ImageName, namesToRemove, namesToRemoveExactly } from './names-to-remove.ts';

const id = `sha256:${'1'.repeat(64)}`;
const digest = `sha256:${'2'.repeat(64)}`;
const pulled = (...names: string[]): ImageName[] => names.map((name) => ({ name, labels: {} }));
const sideLoaded = (...names: string[]): ImageName[] =>
  names.map((name) => ({ name, labels: { [sideLoadedLabel]: 'true' } }));

describe('the names that go with one of an image', () => {
  it('are those that CRI gave it, when it is the last real one', () => {
    assert.deepEqual(namesToRemove('web:1', pulled('web:1', `web@${digest}`, id)), ['web:1', `web@${digest}`, id]);
    assert.deepEqual(namesToRemove('web:1', pulled('web:1', 'web:2', `web@${digest}`, id)), ['web:1']);
  });

  it('are never those that a bundle or an archive brought', () => {
    const present = [...sideLoaded(`shop@${digest}`, `toys@${digest}`), ...pulled('web:1', `web@${digest}`, id)];
    assert.deepEqual(namesToRemove('web:1', present), ['web:1']);
    const bundles = [...sideLoaded(`shop@${digest}`, `toys@${digest}`), ...pulled(id)];
    assert.deepEqual(namesToRemove(`shop@${digest}`, bundles), [`shop@${digest}`]);
    assert.deepEqual(namesToRemove(`shop@${digest}`, [...sideLoaded(`shop@${digest}`), ...pulled(id)]), [
      `shop@${digest}`,
      id,
    ]);
  });

  it('are all of them for an id', () => {
    const present = [...sideLoaded(`shop@${digest}`), ...pulled('web:1', id)];
    assert.deepEqual(namesToRemove(id, present), [id, `shop@${digest}`, 'web:1']);
  });

  it('are none but the id for an image that a bundle does not need any more, also when another was pulled by digest', () => {
    const present = [...sideLoaded(`shop@${digest}`), ...pulled(`web@${digest}`, id)];
    assert.deepEqual(namesToRemoveExactly(`shop@${digest}`, present), [`shop@${digest}`]);
    const alone = [...sideLoaded(`shop@${digest}`), ...pulled(id)];
    assert.deepEqual(namesToRemoveExactly(`shop@${digest}`, alone), [`shop@${digest}`, id]);
  });
});
