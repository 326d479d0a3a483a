/** Network namespaces beside `ip netns`, in a mount namespace of the test's own. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { runOk } from '../support/command.ts';

const source = `${import.meta.dirname}/../../src`;

/** Runs `lines` where nothing is mounted at /run/netns; `prepare` and `remove` are those of eliotd. */
async function inFreshMachine(lines: string): Promise<string> {
  const eliotd = `
    import { createMounts } from '${source}/host/mounts.ts';
    import { createNetworkNamespaces } from '${source}/host/netns.ts';
    import { runChild } from '${source}/host/run-child.ts';
    const namespaces = createNetworkNamespaces(runChild, createMounts(runChild));
    const [verb, name] = process.argv.slice(1);
    const signal = AbortSignal.timeout(20_000);
    await (verb === 'remove' ? namespaces.remove(name, signal) : namespaces[verb](signal));`;
  const script = `
    set -e
    for path in $(awk '$5 ~ "^/run/netns" { print $5 }' /proc/self/mountinfo | sort -r); do
      umount --lazy "$path" 2>/dev/null || true
    done
    # What somebody mounted there before the directory was a mount point itself cannot be reached, and counts for nothing.
    before=$(grep -c ' /run/netns' /proc/self/mountinfo || true)
    mount -t tmpfs none /run
    eliotd() { "${process.execPath}" --input-type=module -e "$ELIOTD" "$@"; }
    ${lines}
    echo $(($(grep -c ' /run/netns' /proc/self/mountinfo || true) - before))
    ls /run/netns`;
  const { stdout } = await runOk('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', script], {
    env: { ...process.env, ELIOTD: eliotd },
    timeoutMs: 60_000,
  });
  return stdout.trim();
}

/** As containerd makes one: a file, and the namespace mounted on it. */
const makeOne =
  'mkdir -p /run/netns && touch /run/netns/cni-1 && unshare --net sh -c "mount --bind /proc/\\$\\$/ns/net /run/netns/cni-1"';

describe('network namespaces of pods', () => {
  it('can be removed after somebody has used ip netns for the first time', async () => {
    const left = await inFreshMachine(`eliotd prepare; ${makeOne}; ip netns add mine; eliotd remove cni-1`);
    assert.equal(left, '2\nmine');
  });

  it('could not without the preparation, or this test would be for nothing', async () => {
    await assert.rejects(inFreshMachine(`${makeOne}; ip netns add mine; eliotd remove cni-1`), /EBUSY|busy/);
  });

  it('leave their directory as it was when the last one goes', async () => {
    assert.equal(await inFreshMachine(`eliotd prepare; ${makeOne}; eliotd remove cni-1; eliotd leave`), '0');
  });

  it('keep their directory while somebody else has one', async () => {
    const left = await inFreshMachine(`eliotd prepare; ip netns add mine; eliotd leave`);
    assert.equal(left, '2\nmine');
  });
});
