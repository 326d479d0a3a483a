/** Conformance: projected volumes. */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { testDownwardVolumes } from '../../support/downward-volume-scenarios.ts';
import { projected, projectedConfigMaps, projectedSecrets } from '../../support/file-volume-kinds.ts';
import { testFileVolumes } from '../../support/file-volume-scenarios.ts';
import { ScenarioDevice } from '../../support/scenario-device.ts';

describe('conformance: projected volumes', { concurrency: 4 }, () => {
  let on: ScenarioDevice;
  before(async () => {
    on = await ScenarioDevice.start();
  });
  after(() => on?.close());

  it('projected/combined: a Secret, a ConfigMap and downward items lie in one volume', async () => {
    const v = projected([
      { secret: { name: await on.secret({ closed: 'secret' }) } },
      { configMap: { name: await on.configMap({ open: 'config' }), items: [{ key: 'open', path: 'deep/open' }] } },
      { downwardAPI: { items: [{ path: 'deep/name', fieldRef: { fieldPath: 'metadata.name' } }] } },
    ]);
    const printed = await on.output({ volumes: { v }, line: 'cd /v; cat closed deep/open deep/name; echo; hostname' });
    assert.match(printed, /^secretconfig(pod-\d+)\n\1\n$/);
  });

  testFileVolumes(() => on, projectedConfigMaps, [
    'plain',
    'non-root',
    'default-mode',
    'mapping',
    'mapping-item-mode',
    'mapping-non-root',
    'two-volumes',
    'update',
    'optional-updates',
  ]);
  testFileVolumes(() => on, projectedSecrets, [
    'plain',
    'non-root-fsgroup',
    'default-mode',
    'mapping',
    'mapping-item-mode',
    'two-volumes',
    'optional-updates',
  ]);
  testDownwardVolumes(() => on, {
    area: 'projected-downward',
    source: (items, defaultMode) => projected([{ downwardAPI: { items } }], defaultMode),
  });
});
