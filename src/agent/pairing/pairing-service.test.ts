import 'reflect-metadata';
import assert from 'node:assert/strict';
import { randomBytes, type webcrypto, X509Certificate } from 'node:crypto';
import { before, beforeEach, describe, it } from 'node:test';
import * as x509 from '@peculiar/x509';
import { readCode } from '../../api/pairing/code.ts';
import {
  type CertificateAnswer,
  isProven,
  type PairingKeys,
  pairingInputs,
  pairingKeys,
  prove,
} from '../../api/pairing/exchange.ts';
import type { PairingConnection } from '../../apiserver/pairing.ts';
import { createCertificateRequest } from '../../cli/pairing/certificate-request.ts';
import { createShare } from '../../lib/cpace/cpace.ts';
import type { Logger } from '../../lib/logger.ts';
import { isStatusError } from '../../lib/status-error.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import type { IssuedCertificate } from '../pki/certificate-request.ts';
import { issueCertificates, signRequest } from '../pki/issue-certificates.ts';
import { codeLifetimeMs, maxTries } from './pairing-code.ts';
import { PairingService } from './pairing-service.ts';

const masters = { groups: ['system:masters'] };
const signal = new AbortController().signal;

function loggerOf(log: (message: string, fields?: object) => void): Logger {
  return { error: log, warn: log, info: log, debug: log, child: () => loggerOf(log) };
}

/** A request whose signature is another one. */
function spoil(request: string): string {
  const der = Buffer.from(request.replaceAll(/-----[A-Z ]+-----/g, ''), 'base64');
  der.writeUInt8(der.readUInt8(der.length - 1) ^ 1, der.length - 1);
  return `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`;
}

async function requestOfRsaKey(): Promise<string> {
  const signingAlgorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
  const parameters = { ...signingAlgorithm, modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) };
  const keys = (await crypto.subtle.generateKey(parameters, false, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
  const request = await x509.Pkcs10CertificateRequestGenerator.create({ name: 'CN=anna', keys, signingAlgorithm });
  return request.toString('pem');
}

describe('pairing', () => {
  let ca: IssuedCertificate;
  let clock: FakeClock;
  let service: PairingService;
  let admitted: { cert: string; name: string; groups: readonly string[] }[];
  let said: string[];
  let warnings: string[];
  before(async () => {
    ({ ca } = await issueCertificates({ ca: undefined, authorityName: 'test', requests: {} }));
  });
  beforeEach(() => {
    clock = new FakeClock();
    admitted = [];
    said = [];
    warnings = [];
    const log = (message: string, fields?: object): void => void said.push(JSON.stringify([message, fields]));
    service = new PairingService({
      nodeName: 'kitchen',
      addresses: () => ['192.168.1.7:6443'],
      ca,
      sign: (input) => signRequest(input),
      people: () => admitted,
      admit: async (cert, name, groups) => void admitted.push({ cert, name, groups }),
      clock,
      log: loggerOf(log),
      warnNode: (reason) => void warnings.push(reason),
    });
  });

  const connect = (): PairingConnection => ({ id: {}, binding: randomBytes(32), peer: '192.168.1.9' });
  const open = (): string => readCode(service.openCode(masters).code) ?? '';
  const wrong = (code: string): string => (code.startsWith('a') ? 'b' : 'a') + code.slice(1);

  /** The first message of a laptop that takes `code` for the code. */
  function begin(code: string, connection: PairingConnection): PairingKeys {
    const inputs = pairingInputs(code, connection.binding);
    const own = createShare(inputs);
    const keys = pairingKeys(inputs, own, service.beginExchange(connection, own.share), 'eli');
    assert.ok(keys);
    return keys;
  }

  async function finish(keys: PairingKeys, connection: PairingConnection, name = 'anna'): Promise<CertificateAnswer> {
    const { request } = createCertificateRequest(name);
    const message = await service.finishExchange(connection, prove(keys.eli, { request }), signal);
    assert.ok(isProven(keys.eliotd, message), 'the device does not know the code');
    return JSON.parse(message.payload) as CertificateAnswer;
  }

  async function pair(code: string, name?: string): Promise<CertificateAnswer> {
    const connection = connect();
    return await finish(begin(code, connection), connection, name);
  }

  async function refusal(work: Promise<unknown>): Promise<string> {
    const error: unknown = await work.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    assert.ok(isStatusError(error, 'Unauthorized'), String(error));
    return error.message;
  }

  it('gives who knows the code a certificate that the device lets in', async () => {
    const answer = await pair(open());
    assert.equal(answer.nodeName, 'kitchen');
    assert.equal(answer.authority, ca.cert);
    const certificate = new X509Certificate(answer.certificate);
    assert.ok(certificate.verify(new X509Certificate(ca.cert).publicKey));
    assert.match(certificate.subject, /O=system:masters\nCN=anna/);
    assert.deepEqual(admitted, [{ cert: answer.certificate, name: 'anna', groups: ['system:masters'] }]);
  });

  it('lets the device say who somebody is and what he may do', async () => {
    const { code } = service.openCode({ groups: ['eliot:viewers', 'eliot:developers'], name: 'guest' });
    const answer = await pair(readCode(code) ?? '', 'admin');
    assert.match(new X509Certificate(answer.certificate).subject, /O=eliot:viewers\nO=eliot:developers\nCN=guest/);
    assert.deepEqual(admitted[0]?.groups, ['eliot:viewers', 'eliot:developers']);
  });

  it('says the same words for every reason', async () => {
    const words = new Set<string>();
    words.add(await refusal(pair('abcdefgh')));
    const code = open();
    words.add(await refusal(pair(wrong(code))));
    await pair(code);
    words.add(await refusal(pair(code)));
    const expired = open();
    clock.advance(codeLifetimeMs);
    words.add(await refusal(pair(expired)));
    const late = open();
    const connection = connect();
    const keys = begin(late, connection);
    clock.advance(codeLifetimeMs);
    words.add(await refusal(finish(keys, connection)));
    const replaced = open();
    open();
    words.add(await refusal(pair(replaced)));
    words.add(await refusal(finish(keys, connect())));
    assert.equal(words.size, 1);
    assert.equal(admitted.length, 1);
  });

  it('ends a code after five tries, right ones included, and warns', async () => {
    const code = open();
    for (let count = 0; count < maxTries; count++) await refusal(pair(wrong(code)));
    await refusal(pair(code));
    assert.deepEqual(warnings, ['PairingLocked']);
    assert.throws(() => open(), { reason: 'TooManyRequests', message: /locked for 60 more seconds/ });
    clock.advance(60_000);
    await pair(open());
  });

  it('gives five of a thousand exchanges at once a chance', async () => {
    const code = open();
    const all = Array.from({ length: 1_000 }, () => {
      const connection = connect();
      return { connection, keys: begin(code, connection) };
    });
    const results = await Promise.allSettled(all.map(({ connection, keys }) => finish(keys, connection)));
    assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1);
    assert.equal(admitted.length, 1);
    assert.equal(said.filter((line) => line.includes('pairing begun')).length, maxTries);
  });

  it('takes nothing that was recorded on another connection', async () => {
    const code = open();
    const connection = connect();
    const keys = begin(code, connection);
    const recorded = prove(keys.eli, { request: createCertificateRequest('anna').request });
    // The attacker has the laptop's messages, and a connection of his own.
    const other = connect();
    service.beginExchange(other, createShare(pairingInputs('abcdefgh', other.binding)).share);
    await refusal(service.finishExchange(other, recorded, signal));
    // On its own connection it was good, but once.
    await service.finishExchange(connection, recorded, signal);
    await refusal(service.finishExchange(connection, recorded, signal));
  });

  it('takes no proof of another side: what it said itself cannot be sent back', async () => {
    const connection = connect();
    const keys = begin(open(), connection);
    const request = { request: createCertificateRequest('anna').request };
    await refusal(service.finishExchange(connection, prove(keys.eliotd, request), signal));
  });

  it('has one exchange on a connection', () => {
    const code = open();
    const connection = connect();
    begin(code, connection);
    assert.throws(() => begin(code, connection), { reason: 'BadRequest', message: /one exchange/ });
  });

  it('refuses shares that would fix the key', () => {
    open();
    for (const share of [Buffer.alloc(32), Buffer.alloc(31, 1), Buffer.alloc(0)]) {
      assert.throws(() => service.beginExchange(connect(), share), { reason: 'BadRequest' });
    }
  });

  it('signs only for good keys and names', async () => {
    for (const [request, problem] of [
      ['nonsense', /cannot be read/],
      [await requestOfRsaKey(), /has a key of type RSASSA-PKCS1-v1_5: it must be of P-256 or Ed25519/],
      [spoil(createCertificateRequest('anna').request), /is not signed with its own key/],
      [createCertificateRequest('system:admin').request, /names "system:admin": a name must consist of/],
      [createCertificateRequest('eliot-admin').request, /a name must not be one of the device's own/],
      [createCertificateRequest('').request, /a name must have 1 to 64 characters/],
    ] as const) {
      const connection = connect();
      const keys = begin(open(), connection);
      await assert.rejects(service.finishExchange(connection, prove(keys.eli, { request }), signal), {
        reason: 'Invalid',
        message: problem,
      });
    }
    assert.deepEqual(admitted, []);
  });

  it('lets nobody take the name of somebody with other rights', async () => {
    await pair(open(), 'anna');
    const viewers = { groups: ['eliot:viewers'] };
    const code = readCode(service.openCode(viewers).code) ?? '';
    await assert.rejects(pair(code, 'anna'), {
      reason: 'Invalid',
      message: /^"anna" cannot be your name on this device: it is that of somebody in system:masters, .* with --name/,
    });
    assert.throws(() => service.openCode({ ...viewers, name: 'anna' }), {
      reason: 'Invalid',
      message: /^"anna" cannot be the name of this person: it is that .* delete that client before$/,
    });
    assert.equal(admitted.length, 1);
    // Her other laptop.
    await pair(open(), 'anna');
    assert.equal(admitted.length, 2);
  });

  it('opens codes for good names and groups only', () => {
    for (const request of [
      { groups: [] },
      { groups: [' '] },
      { groups: ['eliot:viewers', 'eliot:viewers'] },
      { ...masters, name: 'a:b' },
    ]) {
      assert.throws(() => service.openCode(request), { reason: 'Invalid' });
    }
    // Whoever got in as a member would be let do nothing, and not know why.
    assert.throws(() => service.openCode({ groups: ['eliot:viewers', 'developer'] }), {
      reason: 'Invalid',
      message: 'no group "developer" may do anything here; there are: system:masters, eliot:developers, eliot:viewers',
    });
  });

  it('fills no log with those who knock when there is no code', async () => {
    await refusal(pair('abcdefgh'));
    assert.deepEqual(said, []);
    const code = open();
    for (let count = 0; count < 50; count++) await refusal(pair(wrong(code)));
    const lines = (message: string): number => said.filter((line) => line.includes(message)).length;
    assert.deepEqual([lines('pairing begun'), lines('pairing refused')], [maxTries, maxTries]);
    assert.equal(said.length, 1 + 2 * maxTries);
  });

  it('tells the log who came, and never a code or a key', async () => {
    const code = open();
    await refusal(pair(wrong(code)));
    await pair(code);
    const log = said.join('\n');
    assert.match(log, /"paired",\{"peer":"192.168.1.9","name":"anna"/);
    assert.doesNotMatch(log, new RegExp(`${code}|${code.slice(0, 4)}-|PRIVATE|BEGIN`));
  });
});
