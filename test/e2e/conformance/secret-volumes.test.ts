/** Conformance: Secret volumes. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { namespaces, secrets } from '../../../src/api/resources.ts';
import { secretVolumes } from '../../support/file-volume-kinds.ts';
import { testFileVolumes } from '../../support/file-volume-scenarios.ts';
import { ScenarioDevice } from '../../support/scenario-device.ts';

describe('conformance: Secret volumes', { concurrency: 4 }, () => {
  let on: ScenarioDevice;
  before(async () => {
    on = await ScenarioDevice.start();
  });
  after(() => on?.close());

  testFileVolumes(() => on, secretVolumes, [
    'plain',
    'default-mode',
    'non-root-fsgroup',
    'mapping',
    'mapping-item-mode',
    'two-volumes',
    'optional-updates',
  ]);

  it("secret-volume/same-name-other-namespace: only the pod's own namespace is looked at", async () => {
    const name = await on.secret({ 'data-1': 'mine' });
    const namespace = on.name('other');
    await on.client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
    const theirs = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name, namespace },
      stringData: { 'data-1': 'theirs' },
    };
    await on.client.create(secrets, theirs);
    const idea = { volumes: { v: { secret: { secretName: name } } }, line: 'cat /v/data-1' };
    assert.equal(await on.output(idea), 'mine');
    assert.equal(await on.output({ ...idea, metadata: { namespace } }), 'theirs');
  });
});
