import assert from 'node:assert/strict';
import { readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { unpackTar } from 'modern-tar';
import { contentsOf, digestOf, ImageMachine, layerOf, savedImage } from '../../testing/image-machine.ts';
import { buildImage } from './build-image.ts';
import type { LocalImage } from './local-image.ts';
import { openImages } from './open-images.ts';

const signal = new AbortController().signal;

describe('an image that is made here', () => {
  let machine: ImageMachine;

  beforeEach(() => {
    machine = new ImageMachine();
  });
  afterEach(() => machine.remove());

  it('is a directory on top of another: its files, its program, its variables', async () => {
    const source = join(machine.directory, 'site');
    machine.write('site/sub/page.html', '<h1>hello</h1>');
    symlinkSync('sub/page.html', join(source, 'index.html'));
    machine.write('site/node_modules/left/out', 'not wanted');
    machine.write('site/.git/HEAD', 'not wanted');
    machine.write('site/.dockerignore', 'node_modules\n.dockerignore\n');
    const archive = machine.write('base.tar', await savedImage('base:1', await layerOf('hello')));
    const [base] = (await openImages(archive, machine.io(), signal)).images;
    const options = {
      name: 'eliot.test/site:1',
      directory: source,
      to: '/srv/site',
      base,
      architecture: 'amd64',
      entrypoint: ['/bin/httpd'],
      workingDir: '/srv/site',
      env: ['B=3'],
    };
    const built = await buildImage(machine.io(), options, signal);
    const [image] = built.images;
    const configuration = JSON.parse(image?.configuration.toString() ?? '');
    assert.deepEqual(configuration.config, {
      Entrypoint: ['/bin/httpd'],
      Env: ['A=1', 'B=3'],
      WorkingDir: '/srv/site',
    });
    assert.equal(configuration.rootfs.diff_ids.length, 3);
    assert.equal(configuration.history.length, 2);
    const contents = await contentsOf(image as LocalImage);
    assert.deepEqual(contents.map(digestOf), configuration.rootfs.diff_ids);
    const entries = await unpackTar(contents[2] as Buffer);
    const names = entries.map(({ header }) => `${header.name.replace(/\/$/, '')} ${header.type} ${header.uid}`);
    assert.deepEqual(names.toSorted(), [
      'srv/site directory 0',
      'srv/site/index.html symlink 0',
      'srv/site/sub directory 0',
      'srv/site/sub/page.html file 0',
    ]);
    const again = await buildImage(machine.io(), options, signal);
    assert.deepEqual(again.images[0]?.configuration, image?.configuration);
    await Promise.all([built.close(), again.close()]);
    assert.deepEqual(readdirSync(machine.temporary), []);
    await assert.rejects(
      buildImage(machine.io(), { ...options, directory: join(source, 'none') }, signal),
      /is no directory/,
    );
  });

  it('is nothing but a directory', async () => {
    const source = join(machine.directory, 'static');
    machine.write('static/program', readFileSync('/bin/true'));
    const options = { name: 'x.y/z:1', directory: source, to: '/', base: undefined, architecture: 'arm64' };
    const built = await buildImage(machine.io(), { ...options, cmd: ['/program'] }, signal);
    const [image] = built.images;
    assert.deepEqual([image?.architecture, image?.layers.length], ['arm64', 1]);
    assert.deepEqual(JSON.parse(image?.configuration.toString() ?? '').config, { Env: [], Cmd: ['/program'] });
    await built.close();
  });
});
