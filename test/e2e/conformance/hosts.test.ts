/** Conformance: host files and DNS config. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { testImage } from '../../support/device.ts';
import { ScenarioDevice } from '../../support/scenario-device.ts';

describe('conformance: host files and DNS config', { concurrency: 4 }, () => {
  let on: ScenarioDevice;
  before(async () => {
    on = await ScenarioDevice.start();
  });
  after(() => on?.close());

  const header = '# Kubernetes-managed hosts file.\n';
  const line = 'cat /etc/hosts';

  it('hosts/managed-etc-hosts: is managed, but not where a container mounts its own, nor with the host network', async () => {
    const container = (name: string, volumeMounts: object[] = []) => ({
      name,
      image: testImage,
      command: ['cat', '/etc/hosts'],
      volumeMounts,
    });
    const own = [{ name: 'hosts', mountPath: '/etc/hosts' }];
    const name = await on.create({
      spec: {
        volumes: [{ name: 'hosts', hostPath: { path: '/etc/hosts' } }],
        containers: [container('one'), container('two'), container('own', own)],
      },
    });
    await on.until(name, 'its end', ({ status }) => status.phase === 'Succeeded');
    for (const managed of ['one', 'two']) assert.ok((await on.logs(name, managed)).startsWith(header));
    const ofDevice = readFileSync('/etc/hosts', 'utf8');
    assert.equal(await on.logs(name, 'own'), ofDevice);
    await on.delete(name);

    const printed = await on.output({ spec: { hostNetwork: true }, line });
    assert.equal(printed, `# Kubernetes-managed hosts file (host network).\n${ofDevice}`);
  });

  it('hosts/host-aliases: lines of hostAliases are in the file', async () => {
    const hostAliases = [{ ip: '123.45.67.89', hostnames: ['foo', 'bar'] }];
    const printed = await on.output({ spec: { hostAliases }, line });
    assert.ok(printed.endsWith('\n# Entries added by HostAliases.\n123.45.67.89\tfoo\tbar\n'), printed);
  });

  it("hosts/own-name-entries: the pod's address has its full name and its short one", async () => {
    const spec = { hostname: 'querier', subdomain: 'test-service' };
    const printed = await on.output({ spec, line: 'cat /etc/hosts; hostname; hostname -i' });
    assert.match(
      printed,
      /\n(10\.[\d.]+)\tquerier\.test-service\.default\.svc\.cluster\.local\tquerier\nquerier\n\1\n$/,
    );
  });

  it('dns/custom-dnsconfig: with dnsPolicy None resolv.conf holds just what dnsConfig says', async () => {
    const dnsConfig = {
      nameservers: ['1.1.1.1', '2001:db8::1'],
      searches: ['resolv.conf.local'],
      options: [{ name: 'ndots', value: '2' }, { name: 'edns0' }],
    };
    const printed = await on.output({ spec: { dnsPolicy: 'None', dnsConfig }, line: 'cat /etc/resolv.conf' });
    assert.deepEqual(printed.trim().split('\n').sort(), [
      'nameserver 1.1.1.1',
      'nameserver 2001:db8::1',
      'options ndots:2 edns0',
      'search resolv.conf.local',
    ]);
  });
});
