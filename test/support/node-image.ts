/** A container image of the Node that runs the tests beside busybox, as `node:slim` stands in a registry. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { busyboxEntries } from '../../scripts/busybox-image.ts';
import { fileEntry, type ImageOptions, makeImageArchive } from '../../scripts/image-archive.ts';
import { entriesOf, librariesOf } from './program-files.ts';

/** The one of the npm package `node`. */
const program = join(import.meta.dirname, '../../node_modules/node/bin/node');

/** A `docker save` archive of some 130 MB; without npm. */
export function makeNodeImage(options: ImageOptions): Promise<Buffer> {
  return makeImageArchive({ cmd: ['node'], ...options }, [
    ...busyboxEntries(),
    ...entriesOf(librariesOf(program)),
    fileEntry('bin/node', readFileSync(program), 0o755),
  ]);
}
