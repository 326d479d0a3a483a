import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { isStatusError } from '../../../lib/status-error.ts';
import { findPrograms, hasCapability } from './find-programs.ts';

describe('the programs of the runtime', () => {
  let directory: string;
  const install = async (folder: string, ...names: string[]): Promise<void> => {
    await mkdir(join(directory, folder), { recursive: true });
    for (const name of names) await writeFile(join(directory, folder, name), '', { mode: 0o755 });
  };
  const find = () => findPrograms(`${directory}/bin:relative`, { programs: [], cni: [`${directory}/cni`] });
  const missing = (what: RegExp) => (error: unknown) => {
    assert.ok(isStatusError(error, 'NotFound'));
    assert.match(error.message, what);
    return /apt-get install containerd runc containernetworking-plugins$/.test(error.message);
  };

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'eliot-programs-'));
  });
  after(() => rm(directory, { recursive: true }));

  it('are missed one by one, each with the way to install it', async () => {
    await assert.rejects(find(), missing(/^containerd is not installed/));
    await install('bin', 'containerd');
    await assert.rejects(find(), missing(/^containerd-shim-runc-v2 is not installed/));
    await install('bin', 'containerd-shim-runc-v2');
    await assert.rejects(find(), missing(/^runc is not installed/));
    await install('bin', 'runc');
    await assert.rejects(find(), missing(/^the CNI plug-ins are not in /));
    await install('cni', 'bridge', 'host-local', 'portmap');
    await assert.rejects(find(), missing(/^the CNI plug-ins are not in /));
    await install('cni', 'loopback');
    assert.deepEqual(await find(), {
      containerd: `${directory}/bin/containerd`,
      path: `${directory}/bin`,
      cniDirectories: [`${directory}/cni`],
    });
  });

  it('know CAP_SYS_RESOURCE by its bit', () => {
    assert.equal(hasCapability('Name:\tx\nCapEff:\t000001fffeffffff\n', 24n), false);
    assert.equal(hasCapability('Name:\tx\nCapEff:\t000001ffffffffff\n', 24n), true);
    assert.equal(hasCapability('', 24n), false);
  });
});
