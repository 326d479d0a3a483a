/** `eli explain` against the real API server; the words are those of kubectl 1.35. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type EliResult, eli } from '../../testing/eli-runner.ts';
import { LocalDevice } from '../../testing/local-device.ts';

describe('explain', () => {
  let device: LocalDevice;
  before(async () => {
    device = await LocalDevice.start();
  });
  after(() => device.close());

  const run = (...args: string[]): Promise<EliResult> =>
    eli(['explain', ...args], { env: { ELIOT_RUN_DIR: device.runDirectory } });

  for (const { args, prints } of [
    {
      args: ['po'],
      prints:
        /^KIND: {7}Pod\nVERSION: {4}v1\n\nDESCRIPTION:\n {4}A Pod is .*\n(.*\n)*FIELDS:\n {2}apiVersion\t<string>\n/,
    },
    {
      args: ['pods.spec.containers.env'],
      prints: /\n\nFIELD: env <\[\]EnvVar>\n\n\nDESCRIPTION:\n(.*\n)* {2}name\t<string> -required-\n/,
    },
    {
      args: ['deployments.spec.replicas'],
      prints: /^GROUP: {6}apps\nKIND: {7}Deployment\n(.*\n)*FIELD: replicas <integer>\n/,
    },
    { args: ['deploy', '--api-version=apps/v1'], prints: /^GROUP: {6}apps\n/ },
    {
      args: ['cm', '--recursive'],
      prints: /\nFIELDS:\n {2}apiVersion\t<string>\n(.*\n)* {4}labels\t<map\[string\]string>\n/,
    },
    { args: ['images.spec'], prints: /^GROUP: {6}eliot\.run\n(.*\n)*FIELD: spec <ImageSpec>\n/ },
  ]) {
    it(`tells of ${args.join(' ')}`, async () => {
      const { stdout, stderr, exitCode } = await run(...args);
      assert.deepEqual([stderr, exitCode], ['', 0]);
      assert.match(stdout, prints);
    });
  }

  for (const { args, complains } of [
    { args: [], complains: /^error: You must specify the type of resource to explain\./ },
    { args: ['a', 'b'], complains: /^error: We accept only this format: explain RESOURCE\n/ },
    { args: ['fruit'], complains: /the server doesn't have a resource type "fruit"/ },
    { args: ['pods.spec.nope'], complains: /^error: field "nope" does not exist\n/ },
    { args: ['pods.spec.restartPolicy.x'], complains: /^error: field "x" does not exist\n/ },
    { args: ['pods', '--api-version=v2'], complains: /^error: couldn't find resource for "\/v2, Resource=pods"\n/ },
  ]) {
    it(`refuses "${args.join(' ')}"`, async () => {
      const { stderr, exitCode } = await run(...args);
      assert.equal(exitCode, 1);
      assert.match(stderr, complains);
    });
  }
});
