/** Conformance: downward API, volume. */
import { after, before, describe } from 'node:test';
import { testDownwardVolumes } from '../../support/downward-volume-scenarios.ts';
import { ScenarioDevice } from '../../support/scenario-device.ts';

describe('conformance: downward API, volume', { concurrency: 4 }, () => {
  let on: ScenarioDevice;
  before(async () => {
    on = await ScenarioDevice.start();
  });
  after(() => on?.close());

  testDownwardVolumes(() => on, {
    area: 'downward-volume',
    source: (items, defaultMode) => ({
      downwardAPI: { items, ...(defaultMode === undefined ? {} : { defaultMode }) },
    }),
  });
});
