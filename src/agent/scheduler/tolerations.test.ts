import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { staySeconds } from './tolerations.ts';

describe('how long a pod may stay on a tainted node', () => {
  const taint = (key: string) => ({ key, effect: 'NoExecute' });
  const tolerating = (key: string, tolerationSeconds?: number) => ({
    key,
    operator: 'Exists',
    ...(tolerationSeconds === undefined ? {} : { tolerationSeconds }),
  });

  it('is for ever when all is tolerated, and no time at all when something is not', () => {
    assert.equal(staySeconds([], []), undefined);
    assert.equal(staySeconds([taint('a')], [tolerating('a')]), undefined);
    assert.equal(staySeconds([taint('a'), taint('b')], [tolerating('a')]), 0);
    assert.equal(staySeconds([taint('a')], [tolerating('a', -1)]), 0);
  });

  it('is the shortest time of those that count', () => {
    const tolerations = [tolerating('a', 60), tolerating('b', 30), tolerating('c', 5)];
    assert.equal(staySeconds([taint('a'), taint('b')], tolerations), 30);
  });

  it('is what the first toleration of a taint says, whatever later ones say', () => {
    assert.equal(staySeconds([taint('a')], [tolerating('a'), tolerating('a', 5)]), undefined);
    assert.equal(staySeconds([taint('a')], [tolerating('a', 60), tolerating('a', 5)]), 60);
  });
});
