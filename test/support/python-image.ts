/** A container image of Debian's own Python (python3-minimal) beside busybox, as `python:3-slim` stands in a registry. */
import { execFileSync } from 'node:child_process';
import { lstatSync, realpathSync } from 'node:fs';
import { busyboxEntries } from '../../scripts/busybox-image.ts';
import { type ImageOptions, linkEntry, makeImageArchive } from '../../scripts/image-archive.ts';
import { entriesOf, librariesOf } from './program-files.ts';

/** A `docker save` archive of some 15 MB; Python with its minimal library, and the tools of busybox. */
export function makePythonImage(options: ImageOptions): Promise<Buffer> {
  const program = realpathSync('/usr/bin/python3');
  const version = program.replace(/.*python/, '');
  const paths = [
    ...filesOf(`python${version}-minimal`),
    ...filesOf(`libpython${version}-minimal`),
    ...librariesOf(program),
  ].filter((path) => !path.startsWith('/usr/share/') && !path.startsWith('/etc/'));
  return makeImageArchive({ cmd: ['python3'], ...options }, [
    ...busyboxEntries(),
    ...entriesOf(paths),
    linkEntry('usr/bin/python3', program),
  ]);
}

function filesOf(debianPackage: string): string[] {
  const listed = execFileSync('dpkg', ['-L', debianPackage], { encoding: 'utf8' }).trim().split('\n');
  return listed.filter((path) => lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === false);
}
