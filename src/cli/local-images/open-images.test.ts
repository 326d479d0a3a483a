import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, before, beforeEach, describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { packTar, type TarEntry } from 'modern-tar';
import { fileEntry } from '../../../scripts/image-archive.ts';
import {
  configOf,
  contentsOf,
  ImageMachine,
  layerOf,
  layoutOf,
  noProgram,
  type ProgramAnswer,
  savedImage,
} from '../../testing/image-machine.ts';
import { UsageError } from '../usage-error.ts';
import { chooseImages } from './choose-image.ts';
import type { LocalImage } from './local-image.ts';
import { openImages } from './open-images.ts';

const signal = new AbortController().signal;

describe('an image of this machine', () => {
  let machine: ImageMachine;
  let layer: Buffer;
  const io = (): ReturnType<ImageMachine['io']> => machine.io();
  const write = (name: string, data: Uint8Array): string => machine.write(name, data);
  const saved = (name: string, change?: { readonly gzip?: boolean }): Promise<Buffer> =>
    savedImage(name, layer, change);
  const left = (): string[] => readdirSync(machine.temporary);

  before(async () => {
    layer = await layerOf('hello');
  });
  beforeEach(() => {
    machine = new ImageMachine();
  });
  afterEach(() => machine.remove());

  for (const gzip of [false, true]) {
    it(`is read from what docker save writes, layers that are ${gzip ? 'gzipped' : 'plain'} or links`, async () => {
      const { images } = await openImages(write('saved.tar', await saved('web:1', { gzip })), io(), signal);
      const [image, ...others] = images;
      assert.equal(others.length, 0);
      assert.deepEqual(image?.names, ['docker.io/library/web:1']);
      assert.deepEqual(await contentsOf(image as LocalImage), [layer, layer]);
      assert.deepEqual(left(), []);
    });
  }

  it('is read from an archive that is compressed as a whole, and from stdin, by a file that goes with it', async () => {
    const archive = gzipSync(await saved('web:1'));
    const compressed = await openImages(write('saved.tar.gz', archive), io(), signal);
    const piped = await openImages('-', machine.io({ stdin: Readable.from([archive]) }), signal);
    for (const opened of [compressed, piped]) {
      assert.deepEqual(await contentsOf(opened.images[0] as LocalImage), [layer, layer]);
    }
    assert.equal(left().length, 2);
    await compressed.close();
    await piped.close();
    assert.deepEqual(left(), []);
  });

  it('is read from an OCI layout, be it a directory or an archive, one for each platform', async () => {
    const files = layoutOf('eliot.test/web:1', layer, ['arm64', 'amd64']);
    const layout = join(machine.directory, 'layout');
    for (const [name, data] of files) {
      mkdirSync(join(layout, name, '..'), { recursive: true });
      writeFileSync(join(layout, name), data);
    }
    const archive = write(
      'layout.tar',
      await packTar([...files].map(([name, data]): TarEntry => fileEntry(name, data))),
    );
    for (const meant of [layout, archive]) {
      const opened = await openImages(meant, io(), signal);
      assert.deepEqual(
        opened.images.map(({ architecture }) => architecture),
        ['arm64', 'amd64'],
      );
      const [chosen] = chooseImages(opened, 'amd64', undefined);
      assert.deepEqual([chosen?.architecture, chosen?.names], ['amd64', ['eliot.test/web:1']]);
      assert.deepEqual(await contentsOf(chosen as LocalImage), [layer]);
    }
  });

  it('is asked of docker and then of podman, and is called what was typed', async () => {
    const archive = await saved('localhost/web:1');
    const answer: ProgramAnswer = (command) => {
      const [engine, verb] = command;
      if (engine === 'docker') return noProgram(command);
      return verb === 'save' ? archive : Buffer.from('id\n');
    };
    const opened = await openImages('web:1', machine.io({ answer }), signal);
    assert.deepEqual(opened.images[0]?.names, ['docker.io/library/web:1']);
    assert.deepEqual(
      machine.programs.map(([engine, verb]) => `${engine} ${verb}`),
      ['docker image', 'podman image', 'podman save'],
    );
    await opened.close();
  });

  it('that nobody has is told with where it was looked for', async () => {
    await assert.rejects(openImages('web:1', io(), signal), (error) => {
      assert.ok(error instanceof UsageError);
      assert.match(error.message, /no image "web:1" here: there is no such file, and neither docker nor podman has it/);
      return true;
    });
    await assert.rejects(openImages('web:1', io(), signal, { engine: 'docker' }), /docker is not installed here/);
  });

  it('that is damaged, incomplete or no image is refused in words', async () => {
    const whole = await saved('web:1', { gzip: true });
    const cases: readonly (readonly [string, Uint8Array, RegExp])[] = [
      ['cut.tar', whole.subarray(0, 1_200), /ends early: it is damaged|is no image|manifest.json/],
      ['noise.tar', Buffer.alloc(5_000, 7), /is no tar archive/],
      ['empty.tar', Buffer.alloc(0), /is no tar archive/],
      ['cut.tar.gz', gzipSync(whole).subarray(0, 300), /is damaged/],
      ['other.tar', await packTar([fileEntry('a', Buffer.from('b'))]), /neither manifest.json .* nor index.json/],
      ['json.tar', await packTar([fileEntry('manifest.json', Buffer.from('{'))]), /manifest.json is not JSON/],
      [
        'missing.tar',
        await packTar([fileEntry('manifest.json', Buffer.from('[{"Config":"c.json","Layers":[]}]'))]),
        /is incomplete: c.json is missing/,
      ],
    ];
    for (const [name, data, message] of cases) {
      await assert.rejects(openImages(write(name, data), io(), signal), message, name);
    }
    assert.deepEqual(left(), []);
  });

  it('of an OCI layout is damaged when a document is not what its digest says, and names the archive and the entry', async () => {
    const files = layoutOf('eliot.test/web:1', layer, ['amd64']);
    const path = [...files].find(([, data]) => data.includes('"config":{"mediaType"'))?.[0] ?? '';
    const entries = [...files].map(([name, data]) =>
      fileEntry(name, name === path ? Buffer.from(data.toString().replace('"layers"', '"Layers"')) : data),
    );
    const archive = write('changed.tar', await packTar(entries));
    await assert.rejects(openImages(archive, io(), signal), (error) => {
      assert.ok(error instanceof UsageError);
      assert.ok(error.message.startsWith(`${archive}: ${path} is damaged: its content has the digest sha256:`));
      return true;
    });
  });

  it('has layers that tell which archive and entry is damaged', async () => {
    const stored = gzipSync(layer);
    const entries = [
      fileEntry('layer.tar', stored.subarray(0, stored.length - 20)),
      fileEntry('config.json', configOf([layer], 'amd64')),
      fileEntry('manifest.json', Buffer.from('[{"Config":"config.json","Layers":["layer.tar"]}]')),
    ];
    const archive = write('cut-layer.tar', await packTar(entries));
    const [image] = (await openImages(archive, io(), signal)).images;
    await assert.rejects(contentsOf(image as LocalImage), (error) => {
      assert.ok(error instanceof UsageError);
      assert.equal(error.message, `${archive}: layer.tar is damaged: unexpected end of file`);
      return true;
    });
  });

  it('comes without what its builder attests of it', async () => {
    const files = layoutOf('eliot.test/web:1', layer, ['amd64', 'unknown']);
    const archive = write('attested.tar', await packTar([...files].map(([name, data]) => fileEntry(name, data))));
    const { images } = await openImages(archive, io(), signal);
    assert.deepEqual(
      images.map(({ architecture }) => architecture),
      ['amd64'],
    );
  });

  it('does not lead out of its directory', async () => {
    const layout = join(machine.directory, 'outside');
    mkdirSync(layout);
    writeFileSync(join(machine.directory, 'secret'), configOf([layer], 'amd64'));
    writeFileSync(join(layout, 'layer.tar'), layer);
    writeFileSync(
      join(layout, 'manifest.json'),
      JSON.stringify([{ Config: '../secret', RepoTags: ['web:1'], Layers: ['layer.tar'] }]),
    );
    await assert.rejects(openImages(layout, io(), signal), /is incomplete: \.\.\/secret is missing/);
  });

  it('for another processor is refused with what to do', async () => {
    const opened = await openImages(write('saved.tar', await saved('web:1')), io(), signal);
    assert.throws(
      () => chooseImages(opened, 'arm64', undefined),
      (error) =>
        error instanceof UsageError &&
        /has an image for linux\/amd64, and the device needs linux\/arm64/.test(error.message) &&
        error.hint === 'build one for it:  docker build --platform linux/arm64 …',
    );
  });

  it('without a name needs one', async () => {
    const files = layoutOf(undefined, layer, ['amd64']);
    const archive = write('nameless.tar', await packTar([...files].map(([name, data]) => fileEntry(name, data))));
    const opened = await openImages(archive, io(), signal);
    assert.throws(() => chooseImages(opened, 'amd64', undefined), /does not name its image/);
    assert.deepEqual(chooseImages(opened, 'amd64', 'x.y/z:1')[0]?.names, ['x.y/z:1']);
  });
});
