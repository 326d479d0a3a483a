import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { IssueInput, IssueOutput } from './certificate-request.ts';
import { issueCertificates } from './issue-certificates.ts';
import { openPki, type PkiOptions, writeAdminKubeconfig } from './pki.ts';

describe('the certificates of a device', () => {
  const signal = new AbortController().signal;
  let dataDir: string;
  let issued: IssueInput[];

  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'eliot-pki-'));
    issued = [];
  });
  afterEach(() => rmSync(dataDir, { recursive: true }));

  const options = (change: Partial<PkiOptions> = {}): PkiOptions => ({
    dataDir,
    nodeName: 'pi',
    dnsNames: ['pi', 'pi.local', 'localhost'],
    ips: ['127.0.0.1', '::1', '192.168.1.7'],
    issue: (input: IssueInput): Promise<IssueOutput> => {
      issued.push(input);
      return issueCertificates(input);
    },
    ...change,
  });

  it('are valid from 1970 to the end of time, so that a device without a clock can use them', async () => {
    const pki = await openPki(options(), signal);
    for (const { cert } of [pki.ca, pki.server, pki.admin]) {
      const certificate = new X509Certificate(cert);
      assert.equal(certificate.validFromDate.getTime(), 0);
      assert.equal(certificate.validToDate.getUTCFullYear(), 9999);
    }
  });

  it('name the device by every name and address, and the administrator by user and group', async () => {
    const pki = await openPki(options(), signal);
    const server = new X509Certificate(pki.server.cert);
    for (const name of ['pi', 'pi.local', 'localhost']) assert.equal(server.checkHost(name), name);
    for (const ip of ['127.0.0.1', '192.168.1.7']) assert.equal(server.checkIP(ip), ip);
    assert.equal(server.checkHost('other'), undefined);
    assert.match(new X509Certificate(pki.admin.cert).subject, /O=system:masters\nCN=eliot-admin/);
    const ca = new X509Certificate(pki.ca.cert);
    assert.ok(ca.ca);
    assert.ok(server.verify(ca.publicKey));
  });

  it("are replaced when they are the administrator's and were revoked, and nothing else is", async () => {
    const first = await openPki(options(), signal);
    const second = await openPki(options({ isRevoked: (pem) => pem === first.admin.cert }), signal);
    assert.notEqual(second.admin.cert, first.admin.cert);
    assert.deepEqual([second.ca, second.server], [first.ca, first.server]);
    assert.deepEqual(await openPki(options({ isRevoked: () => false }), signal), second);
  });

  it('are made once and read again at the next start', async () => {
    const first = await openPki(options(), signal);
    const second = await openPki(options(), signal);
    assert.deepEqual(second, first);
    assert.equal(issued.length, 1);
  });

  it('keep CA and administrator when an address changes, and make the server anew', async () => {
    const first = await openPki(options(), signal);
    const second = await openPki(options({ ips: ['10.0.0.9'] }), signal);
    assert.deepEqual(second.ca, first.ca);
    assert.deepEqual(second.admin, first.admin);
    assert.ok(new X509Certificate(second.server.cert).checkIP('10.0.0.9'));
    assert.deepEqual(Object.keys(issued[1]?.requests ?? {}), ['server']);
  });

  it('are made again when a power cut left a key without its certificate', async () => {
    const first = await openPki(options(), signal);
    rmSync(join(dataDir, 'pki/admin.crt'));
    const second = await openPki(options(), signal);
    assert.notEqual(second.admin.cert, first.admin.cert);
    assert.deepEqual(second.server, first.server);
  });

  it('refuse to guess when a file is damaged, and say which', async () => {
    await openPki(options(), signal);
    writeFileSync(join(dataDir, 'pki/ca.crt'), 'garbage');
    await assert.rejects(openPki(options(), signal), /pki\/ca\.crt and \.key cannot be read/);
  });

  it('keep keys and the kubeconfig readable by their owner only', async () => {
    const pki = await openPki(options(), signal);
    const kubeconfig = await writeAdminKubeconfig(dataDir, 'https://127.0.0.1:6443', pki);
    for (const file of ['pki/ca.key', 'pki/server.key', 'pki/admin.key', 'admin.kubeconfig']) {
      assert.equal(statSync(join(dataDir, file)).mode & 0o777, 0o600, file);
    }
    assert.match(readFileSync(kubeconfig, 'utf8'), /server: https:\/\/127\.0\.0\.1:6443/);
  });

  it('do not write an unchanged kubeconfig again, to spare the flash', async () => {
    const pki = await openPki(options(), signal);
    const kubeconfig = await writeAdminKubeconfig(dataDir, 'https://127.0.0.1:6443', pki);
    const inode = statSync(kubeconfig).ino;
    await writeAdminKubeconfig(dataDir, 'https://127.0.0.1:6443', pki);
    assert.equal(statSync(kubeconfig).ino, inode);
  });
});
