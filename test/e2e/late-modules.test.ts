/** What eliotd loads late is loaded when it is needed, and not before (docs/adr/0051). */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { shellPod, TestDevice } from '../support/device.ts';

/** Notes the files beside the program that are loaded by `require`, one a line. */
const noteLoads = `
  const Module = require('node:module');
  const load = Module._load;
  Module._load = function (name, ...rest) {
    if (/\\/eliotd-/.test(name)) require('node:fs').appendFileSync(process.env.ELIOT_TEST_LOADS, name + '\\n');
    return load.call(this, name, ...rest);
  };
`;

describe('an eliotd that nobody asks for anything', () => {
  const directory = mkdtempSync(join(tmpdir(), 'eliot-loads-'));
  const loads = join(directory, 'loads');
  let device: TestDevice;

  before(async () => {
    writeFileSync(join(directory, 'note.cjs'), noteLoads);
    writeFileSync(loads, '');
    process.env['NODE_OPTIONS'] = `--require ${join(directory, 'note.cjs')}`;
    process.env['ELIOT_TEST_LOADS'] = loads;
    device = await TestDevice.start({ args: ['--discovery'] });
    // The first pod needs the image of the sandboxes, which the first start brings.
    await device.create(shellPod('first', 'exec sleep 3600'));
    await device.waitForPhase('first', 'Running');
    await device.kubectlOk(['delete', 'pod', 'first', '--force', '--grace-period=0']);
  });
  after(async () => {
    await device.close();
    rmSync(directory, { recursive: true });
  });

  const loaded = (): string[] => [...new Set(readFileSync(loads, 'utf8').split('\n'))].filter((name) => name !== '');

  it('loads nothing late', async () => {
    await device.stopDaemon();
    writeFileSync(loads, '');
    await device.startDaemon();
    await device.waitForNode();
    // Longer than the first looks of all that looks again and again.
    await delay(15_000);
    assert.deepEqual(loaded(), []);
  });

  it('loads what it is asked for', async () => {
    await device.create(shellPod('web', 'exec sleep 3600'));
    const patch = '[{ "op": "add", "path": "/metadata/labels", "value": { "a": "b" } }]';
    await device.kubectlOk(['patch', 'pod', 'web', '--type', 'json', '--patch', patch]);
    assert.match(loaded().join(), /eliotd-late-changes-/);
  });
});
