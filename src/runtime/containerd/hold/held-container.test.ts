import assert from 'node:assert/strict';
import { access, constants } from 'node:fs/promises';
import { resolve } from 'node:path';
import { describe, it } from 'node:test';
import { containerConfig } from '../../../testing/runtime-fixtures.ts';
import type { Mount } from '../../runtime.ts';
import { heldContainer, holdProgramIn, imageProgramIn, isHeldProgram } from './held-container.ts';

const holdPath = '/dev/eliot-hold';
const image = { entrypoint: ['/entry'], cmd: ['serve'] };

const mountAt = (containerPath: string): Mount => ({
  containerPath,
  hostPath: '/somewhere',
  readonly: false,
  propagation: 'None',
});

describe('a held container', () => {
  const cases: readonly (readonly [what: string, command: string[], args: string[], runs: string[]])[] = [
    ['what it says itself', ['a'], ['b'], ['a', 'b']],
    ['nothing of the image when it has a command', ['a'], [], ['a']],
    ['the entry point of the image with its own arguments', [], ['b'], ['/entry', 'b']],
    ['what the image runs', [], [], ['/entry', 'serve']],
  ];
  for (const [what, command, args, runs] of cases) {
    it(`runs ${what}, once it may`, () => {
      const held = heldContainer(containerConfig({ command, args }), image, '/assets/hold');
      assert.deepEqual([held.command, held.args], [[holdPath], runs]);
    });
  }

  it('sees the program that holds it, and cannot change it', () => {
    const { mounts } = heldContainer(containerConfig(), image, '/assets/hold');
    assert.deepEqual(mounts, [
      { containerPath: holdPath, hostPath: '/assets/hold', readonly: true, propagation: 'None' },
    ]);
  });

  for (const [volumes, place] of [
    [['/data', '/device', '/dev/shm'], holdPath],
    [['/dev'], '/eliot-hold'],
    [['/data', '/dev/'], '/eliot-hold'],
    [['/dev/eliot-hold'], '/eliot-hold'],
  ] as const) {
    it(`sees it in none of its volumes, which are at ${volumes.join(', ')}`, () => {
      const mounts = volumes.map((containerPath) => mountAt(containerPath));
      const held = heldContainer(containerConfig({ command: ['a'], mounts }), image, '/assets/hold');
      assert.deepEqual(
        held.mounts.slice(mounts.length).map(({ containerPath }) => containerPath),
        [place],
      );
      assert.deepEqual([held.command, held.args, isHeldProgram([place, 'a'])], [[place], ['a'], true]);
    });
  }

  it('is not held when its volumes leave no place for the program', () => {
    const config = containerConfig({ command: ['a'], mounts: [mountAt('/')] });
    assert.deepEqual(heldContainer(config, image, '/assets/hold'), config);
    assert.equal(isHeldProgram(config.command), false);
  });

  it('stays as it is when there is nothing to run: the runtime has words for it', () => {
    const config = containerConfig({ command: [] });
    assert.deepEqual(heldContainer(config, { entrypoint: [], cmd: [] }, '/assets/hold'), config);
  });
});

describe('what an image runs', () => {
  it('is read from what CRI tells, where nothing may be null', () => {
    const info = { imageSpec: { config: { Entrypoint: null, Cmd: ['sh'] } } };
    assert.deepEqual(imageProgramIn(JSON.stringify(info)), { entrypoint: [], cmd: ['sh'] });
    assert.deepEqual(imageProgramIn(undefined), { entrypoint: [], cmd: [] });
  });
});

it('the program that holds is there for this machine', async () => {
  await access(holdProgramIn(resolve(import.meta.dirname, '../../../../assets')), constants.X_OK);
});
