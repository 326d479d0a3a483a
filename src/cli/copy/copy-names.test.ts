import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { computeUpload, placeBelow, storedName } from './copy-names.ts';

describe('a copy into a pod', () => {
  for (const { source, destination, isDirectory, directory, name } of [
    { source: 'a/x.txt', destination: '/tmp/y.txt', isDirectory: false, directory: '/tmp', name: 'y.txt' },
    { source: 'a/x.txt', destination: '/tmp', isDirectory: true, directory: '/tmp', name: 'x.txt' },
    { source: 'site/', destination: '/srv/', isDirectory: true, directory: '/srv', name: 'site' },
    { source: 'site', destination: '/srv/www/', isDirectory: false, directory: '/srv', name: 'www' },
    { source: '.', destination: '/srv/www', isDirectory: true, directory: '/srv', name: 'www' },
    { source: 'x', destination: 'y', isDirectory: false, directory: '', name: 'y' },
    { source: 'x', destination: '/', isDirectory: true, directory: '/', name: 'x' },
  ]) {
    it(`of ${source} to ${destination}${isDirectory ? ', a directory,' : ''} is ${name} in ${directory || '.'}`, () => {
      assert.deepEqual(computeUpload(source, destination, isDirectory), { directory, name });
    });
  }
});

describe('a copy out of a pod', () => {
  for (const [path, stored] of [
    ['/var/log/', 'var/log'],
    ['../../etc/passwd', 'etc/passwd'],
    ['./x', 'x'],
    ['/a/../b', 'b'],
    ['/', ''],
    ['.', ''],
  ] as const) {
    it(`stores ${path} as ${JSON.stringify(stored)}`, () => assert.equal(storedName(path), stored));
  }

  for (const [stored, member, place] of [
    ['var/log', 'var/log/', ''],
    ['var/log', '/var/log/a/b', 'a/b'],
    ['x', './x', ''],
    ['', './a', 'a'],
    ['', './', ''],
    // What leads above the root is at the root, inside the destination.
    ['', '/a/../../x', 'x'],
  ] as const) {
    it(`puts ${member} of ${JSON.stringify(stored)} at ${JSON.stringify(place)}`, () => {
      assert.equal(placeBelow(stored, member), place);
    });
  }

  for (const [stored, member] of [
    ['var/log', 'etc/passwd'],
    ['var/log', 'var/logs/x'],
    ['var/log', 'var/log/../../etc/passwd'],
    ['', '../x'],
  ] as const) {
    it(`takes no ${member} for ${JSON.stringify(stored)}`, () => {
      assert.throws(() => placeBelow(stored, member), /tar contents corrupted/);
    });
  }
});
