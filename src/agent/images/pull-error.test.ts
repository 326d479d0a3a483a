import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { StatusError } from '../../lib/status-error.ts';
import { explainPullError, isRefusedLogin, isUnreachable, pullFailureOf } from './pull-error.ts';

const builtAtMs = Date.UTC(2026, 0, 1);
const resolving = 'failed to pull and unpack image "r.example/a:1": failed to resolve reference "r.example/a:1": ';
const doing = `${resolving}failed to do request: Head "https://r.example/v2/a/manifests/1": `;
const badTime = (text: string) =>
  new Error(`${doing}x509: certificate has expired or is not yet valid: current time ${text}`);

describe('a registry is unreachable when', () => {
  for (const text of [
    'dial tcp: lookup r.example on 127.0.0.53:53: no such host',
    'dial tcp 10.0.0.1:443: connect: connection refused',
    'dial tcp 10.0.0.1:443: i/o timeout',
    'dial tcp 10.0.0.1:443: connect: network is unreachable',
    'net/http: TLS handshake timeout',
    'EOF',
  ]) {
    it(text, () => assert.equal(isUnreachable(new Error(doing + text)), true));
  }

  it('nothing arrives', () => assert.equal(isUnreachable(new StatusError('Timeout', 'nothing arrived')), true));
  it('the clock is wrong', () =>
    assert.equal(isUnreachable(badTime('1970-01-01T00:01:00Z is before 2026-02-01T00:00:00Z')), true));
});

describe('a registry has answered when it says', () => {
  for (const text of [
    'r.example/a:1: not found',
    'unexpected status code [manifests 1]: 401 Unauthorized',
    'x509: certificate signed by unknown authority',
    'pulling from host r.example failed with status code [manifests 1]: 403 Forbidden',
  ]) {
    it(text, () => assert.equal(isUnreachable(new Error(resolving + text)), false));
  }
});

it('another login may help after a refusal only', () => {
  assert.equal(isRefusedLogin(new Error(`${resolving}unexpected status code [manifests 1]: 401 Unauthorized`)), true);
  assert.equal(isRefusedLogin(new Error(`${doing}dial tcp 10.0.0.1:443: i/o timeout`)), false);
});

describe('what is to be mended', () => {
  for (const { text, failure } of [
    { text: `${doing}dial tcp 10.0.0.1:443: i/o timeout`, failure: 'RegistryUnreachable' },
    { text: `${resolving}unexpected status code [manifests 1]: 401 Unauthorized`, failure: 'LoginRefused' },
    { text: `${resolving}pull access denied, repository does not exist`, failure: 'LoginRefused' },
    { text: 'failed to extract layer: write /var/lib/x: no space left on device: unknown', failure: 'NoSpaceLeft' },
    { text: `${doing}x509: certificate signed by unknown authority`, failure: 'PullFailed' },
  ]) {
    it(`is ${failure} after "…${text.slice(-40)}"`, () => assert.equal(pullFailureOf(new Error(text)), failure));
  }

  it('is the time when a certificate is not valid now, although it counts as unreachable', () => {
    const error = badTime('1970-01-01T00:01:00Z is before 2026-02-01T00:00:00Z');
    assert.equal(pullFailureOf(error), 'CertificateNotValidNow');
  });

  it('is the registry when nothing arrives', () =>
    assert.equal(pullFailureOf(new StatusError('Timeout', 'nothing arrived')), 'RegistryUnreachable'));
});

describe('a certificate that is not valid now', () => {
  it('is blamed on a clock that is before the program was built', () => {
    const error = badTime('1970-01-01T00:01:00Z is before 2026-02-01T00:00:00Z');
    assert.match(
      explainPullError(error, 60_000, builtAtMs),
      /\(the clock of this device is wrong: it says 1970-01-01T00:01:00Z, before eliotd itself was built; set it/,
    );
  });

  it('is blamed on either otherwise', () => {
    const nowMs = Date.UTC(2026, 5, 1);
    assert.match(
      explainPullError(badTime('2026-06-01T00:00:00Z is before 2090-01-01T00:00:00Z'), nowMs, builtAtMs),
      /\(the registry's certificate is valid only from 2090-01-01T00:00:00Z on, and the clock of this device says 2026-06-01T00:00:00Z: one of the two is wrong\)$/,
    );
    assert.match(
      explainPullError(badTime('2026-06-01T00:00:00Z is after 2026-05-01T00:00:00Z'), nowMs, builtAtMs),
      /valid only until 2026-05-01T00:00:00Z, and/,
    );
  });

  it('leaves other errors as they are', () => {
    assert.equal(explainPullError(new Error('x'), 0, builtAtMs), 'x');
  });
});
