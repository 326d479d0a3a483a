import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isStatusError } from '../../../lib/status-error.ts';
import { type ContainerdConfigInput, containerdConfig, parseContainerdVersion } from './containerd-config.ts';

const input = (major: number, minor: number): ContainerdConfigInput => ({
  version: { major, minor },
  root: '/data/containerd',
  state: '/run/eliot/containerd',
  socketPath: '/run/eliot/containerd/containerd.sock',
  sandboxImage: 'eliot.run/pause:1',
  snapshotter: 'overlayfs',
  cniConfigDirectory: '/run/eliot/cni',
  cniBinaryDirectories: ['/usr/lib/cni', '/opt/cni/bin'],
  registryDirectory: '/data/containerd/certs.d',
  restrictOomScoreAdj: true,
});

/** The assignments of one section, by key. */
function section(text: string, name: string): Record<string, string> {
  const lines = text.split(`[${name}]\n`)[1]?.split(/\n\[/)[0]?.split('\n') ?? [];
  return Object.fromEntries(lines.filter((line) => line.includes(' = ')).map((line) => line.split(' = ', 2)));
}

describe('containerd’s configuration', () => {
  for (const [text, version] of [
    ['containerd github.com/containerd/containerd 1.6.20~ds1 1.6.20~ds1-1+deb12u3\n', { major: 1, minor: 6 }],
    ['containerd containerd.io 1.7.27 05044ec0a9a75232cad458027ca83437aae3f4da', { major: 1, minor: 7 }],
    ['containerd github.com/containerd/containerd/v2 v2.1.4 75cb2b7', { major: 2, minor: 1 }],
  ] as const) {
    it(`is made for the version in "${text.trim().slice(0, 60)}"`, () => {
      assert.deepEqual(parseContainerdVersion(text), version);
    });
  }

  for (const text of ['containerd 1.4.13', 'no version here']) {
    it(`is not made for "${text}"`, () => {
      assert.throws(
        () => parseContainerdVersion(text),
        (error) => isStatusError(error, 'Invalid'),
      );
    });
  }

  it('has version 2 and one CRI plug-in for 1.6', () => {
    const text = containerdConfig(input(1, 6));
    const cri = 'plugins."io.containerd.grpc.v1.cri"';
    assert.match(text, /^version = 2\nroot = "\/data\/containerd"\nstate = "\/run\/eliot\/containerd"\n/);
    assert.equal(section(text, cri)['sandbox_image'], '"eliot.run/pause:1"');
    assert.equal(section(text, cri)['restrict_oom_score_adj'], 'true');
    assert.equal(section(text, `${cri}.containerd`)['discard_unpacked_layers'], 'false');
    assert.equal(section(text, `${cri}.cni`)['bin_dir'], '"/usr/lib/cni"');
    assert.equal(section(text, `${cri}.registry`)['config_path'], '"/data/containerd/certs.d"');
    assert.doesNotMatch(text, /nri/);
  });

  it('turns NRI off from 1.7 on', () => {
    assert.equal(section(containerdConfig(input(1, 7)), 'plugins."io.containerd.nri.v1.nri"')['disable'], 'true');
  });

  it('has version 3 and CRI in two plug-ins for 2.x', () => {
    const text = containerdConfig(input(2, 1));
    assert.match(text, /^version = 3\n/);
    const images = 'plugins."io.containerd.cri.v1.images"';
    const runtime = 'plugins."io.containerd.cri.v1.runtime"';
    assert.equal(section(text, `${images}.pinned_images`)['sandbox'], '"eliot.run/pause:1"');
    assert.equal(section(text, images)['discard_unpacked_layers'], 'false');
    assert.equal(section(text, `${images}.registry`)['config_path'], '"/data/containerd/certs.d"');
    assert.equal(section(text, runtime)['restrict_oom_score_adj'], 'true');
    assert.equal(section(text, `${runtime}.cni`)['bin_dirs'], '["/usr/lib/cni", "/opt/cni/bin"]');
  });

  it('names one directory of plug-ins for 2.0, which knows no list', () => {
    const cni = section(containerdConfig(input(2, 0)), 'plugins."io.containerd.cri.v1.runtime".cni');
    assert.equal(cni['bin_dir'], '"/usr/lib/cni"');
    assert.equal(cni['bin_dirs'], undefined);
  });

  it('is the same text each time, so that a change can be seen', () => {
    assert.equal(containerdConfig(input(1, 6)), containerdConfig(input(1, 6)));
  });

  it('escapes what a path may hold', () => {
    const text = containerdConfig({ ...input(1, 6), root: '/a "b" \\c' });
    assert.match(text, /root = "\/a \\"b\\" \\\\c"/);
  });
});
