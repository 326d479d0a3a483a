/** Conformance: ConfigMap volumes. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { configMaps } from '../../../src/api/resources.ts';
import { configMapVolumes } from '../../support/file-volume-kinds.ts';
import { testFileVolumes } from '../../support/file-volume-scenarios.ts';
import { ScenarioDevice } from '../../support/scenario-device.ts';

describe('conformance: ConfigMap volumes', { concurrency: 4 }, () => {
  let on: ScenarioDevice;
  before(async () => {
    on = await ScenarioDevice.start();
  });
  after(() => on?.close());

  testFileVolumes(() => on, configMapVolumes, [
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

  it('configmap-volume/binary-data: bytes are written unchanged next to texts', async () => {
    const bytes = Buffer.from([0xde, 0xca, 0xfe, 0xba, 0xd0, 0xfe, 0xff, 0x00, 0x0a]).toString('base64');
    const name = await on.configMap({ text: 'value-1' }, { binaryData: { bytes } });
    const line = 'cat /v/text; echo; base64 /v/bytes';
    assert.equal(await on.output({ volumes: { v: { configMap: { name } } }, line }), `value-1\n${bytes}\n`);
  });

  it('configmap-volume/many-no-race: five pods of fifty ConfigMap volumes start with no mount failure', async () => {
    const names = await Promise.all(Array.from({ length: 50 }, (_, index) => on.configMap({ 'data-1': `${index}` })));
    const volumes = Object.fromEntries(names.map((name, index) => [`v${index}`, { configMap: { name } }]));
    const idea = { volumes, line: 'cat /v*/data-1 | tr -d "\\n" | wc -c; sleep 3600' };
    const pods = await Promise.all(Array.from({ length: 5 }, () => on.running(idea)));
    for (const pod of pods) {
      assert.equal(await on.exec(pod, 'cat /v*/data-1 | wc -c'), `${10 + 40 * 2}\n`);
      const events = await on.device.kubectlOk(['get', 'events', '--field-selector', `involvedObject.name=${pod}`]);
      assert.doesNotMatch(events.stdout, /Warning/);
      await on.delete(pod);
    }
    await Promise.all(names.map((name) => on.client.delete(configMaps, { namespace: 'default', name })));
  });

  it('configmap-volume/with-secret-no-conflict: a Secret and a ConfigMap volume stand side by side in a pod', async () => {
    const configMap = { configMap: { name: await on.configMap({ 'data-1': 'open' }) } };
    const secret = { secret: { secretName: await on.secret({ 'data-1': 'closed' }) } };
    const printed = await on.output({
      volumes: { open: configMap, closed: secret },
      line: 'cat /open/data-1 /closed/data-1',
    });
    assert.equal(printed, 'openclosed');
  });

  it('a reader sees the old files or the new ones, never some of each, and never none', async () => {
    const name = await on.configMap({ a: '0', b: '0' });
    const look = 'cd -P /v/..data && a=$(cat a) && b=$(cat b) && [ "$a" != "$b" ] && echo "torn: $a $b"';
    const line = `while true; do (${look}) 2>/dev/null; [ -e /v/a ] || echo missing; sleep 0.01; done`;
    const pod = await on.running({ volumes: { v: { configMap: { name } } }, line });
    for (let round = 1; round <= 20; round += 1) {
      await on.patch(configMaps, name, { data: { a: `${round}`, b: `${round}` } }, 'merge');
      if (round % 5 === 0) await on.prints(pod, 'cat /v/b', `${round}`);
    }
    assert.equal(await on.logs(pod), '');
    await on.delete(pod);
  });
});
