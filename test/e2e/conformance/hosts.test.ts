/** Conformance: host files and DNS config. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { testImage } from '../../support/device.ts';
import { ScenarioDevice } from '../../support/scenario-device.ts';

describe('conformance: host files and DNS config', { concurrency: 4 }, () => {
  let on: ScenarioDevice;
  let directory: string;
  const resolvConf = (): string => join(directory, 'resolv.conf');
  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'eliot-dns-'));
    writeFileSync(resolvConf(), 'nameserver 192.0.2.1\nnameserver 127.0.0.1\nsearch first.lan\n');
    writeFileSync(join(directory, 'eliotd.yaml'), `resolvConf: ${resolvConf()}\n`);
    on = await ScenarioDevice.start({ args: ['--config', join(directory, 'eliotd.yaml')] });
  });
  after(async () => {
    await on?.close();
    rmSync(directory, { recursive: true, force: true });
  });

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

  it('with dnsPolicy Default what dnsConfig adds comes after what the device has', async () => {
    const dnsConfig = { nameservers: ['1.1.1.1'], options: [{ name: 'ndots', value: '2' }] };
    // The test beside this one changes what the device has.
    const line = 'grep -o -E "^nameserver 1.1.1.1$|ndots:2$" /etc/resolv.conf';
    const printed = await on.output({ spec: { dnsPolicy: 'Default', dnsConfig }, line });
    assert.equal(printed, 'nameserver 1.1.1.1\nndots:2\n');
  });

  it('a pod that runs sees the name servers of the network the device has come to', async () => {
    const show = 'cat /etc/resolv.conf';
    const before = 'search first.lan\nnameserver 192.0.2.1\n';
    const pod = await on.running({ line: 'exec sleep 3600' });
    const own = await on.running({
      spec: { dnsPolicy: 'None', dnsConfig: { nameservers: ['1.1.1.1'] } },
      line: 'exec sleep 3600',
    });
    // A server on the loopback of the device is none to the pod.
    assert.equal(await on.exec(pod, show), before);

    writeFileSync(`${resolvConf()}.new`, 'nameserver 192.0.2.2\n');
    renameSync(`${resolvConf()}.new`, resolvConf());
    await on.prints(pod, show, 'nameserver 192.0.2.2\n');
    writeFileSync(resolvConf(), 'nameserver 192.0.2.3\noptions edns0\n');
    await on.prints(pod, show, 'nameserver 192.0.2.3\noptions edns0\n');
    assert.equal(await on.exec(own, show), 'nameserver 1.1.1.1\n');

    writeFileSync(resolvConf(), 'nameserver 192.0.2.1\nnameserver 127.0.0.1\nsearch first.lan\n');
    await on.prints(pod, show, before);
    await on.delete(pod);
    await on.delete(own);
  });

  it('setHostnameAsFQDN makes the full name the host name', async () => {
    const spec = { hostname: 'box', subdomain: 'sub', setHostnameAsFQDN: true };
    assert.equal(await on.output({ spec, line: 'hostname' }), 'box.sub.default.svc.cluster.local\n');
  });

  it('with shareProcessNamespace containers see the processes of each other', async () => {
    const other = { name: 'other', image: testImage, command: ['sleep', '7654'] };
    const main = { name: 'main', image: testImage, command: ['sleep', '3600'] };
    const shared = await on.running({ spec: { shareProcessNamespace: true, containers: [main, other] } });
    assert.match(await on.exec(shared, 'ps -o pid,args'), / 1 \/pause\n[\s\S]* sleep 7654\n/);
    const apart = await on.running({ spec: { containers: [main, other] } });
    assert.doesNotMatch(await on.exec(apart, 'ps -o pid,args'), /sleep 7654/);
    await on.delete(shared);
    await on.delete(apart);
  });
});
