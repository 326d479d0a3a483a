import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AuditedRequest } from '../../apiserver/audit.ts';
import { StatusError } from '../../lib/status-error.ts';
import { isLimited, isRecorded, omittedEvent, sameKey, toAuditEvent } from './audit-event.ts';
import { clientEvent, streamEvent } from './people-events.ts';

const ann = { username: 'ann', groups: ['system:masters', 'system:authenticated'] };
const robot = { username: 'system:serviceaccount:default:robot', groups: ['system:masters'] };
const podAddress = '10.85.0.9';

function request(change: Partial<AuditedRequest> = {}, target: Partial<AuditedRequest['target']> = {}): AuditedRequest {
  return {
    caller: { user: ann },
    address: '10.0.0.7',
    isFromDevice: false,
    userAgent: 'kubectl/v1.35.0',
    uri: '/apis/apps/v1/namespaces/default/deployments/web',
    verb: 'patch',
    target: {
      type: 'resource',
      group: 'apps',
      version: 'v1',
      resource: 'deployments',
      namespace: 'default',
      name: 'web',
      subresource: undefined,
      ...target,
    },
    code: 200,
    isDryRun: false,
    failure: undefined,
    receivedAtMs: Date.UTC(2026, 10, 22, 10),
    endedAtMs: Date.UTC(2026, 10, 22, 10, 0, 0, 42),
    ...change,
  };
}

describe('what is recorded', () => {
  for (const { what, change, target, recorded } of [
    { what: 'a change', recorded: true },
    {
      what: 'a stream into a pod',
      change: { code: 101 },
      target: { group: '', resource: 'pods', subresource: 'exec' },
      recorded: true,
    },
    { what: 'a refusal', change: { code: 403 }, recorded: true },
    { what: 'a failure after which nobody knows', change: { code: 504 }, recorded: true },
    { what: 'what did not come about', change: { code: 409 }, recorded: false },
    { what: 'a dry run', change: { isDryRun: true }, recorded: false },
    { what: 'the renewal of a lease', target: { resource: 'leases' }, recorded: false },
    { what: 'an event', target: { group: '', resource: 'events' }, recorded: false },
    { what: 'a status', target: { subresource: 'status' }, recorded: false },
    {
      what: 'a question',
      target: { group: 'authorization.k8s.io', resource: 'selfsubjectaccessreviews' },
      recorded: false,
    },
    {
      what: 'a token that was asked for',
      target: { group: '', resource: 'serviceaccounts', subresource: 'token' },
      recorded: true,
    },
    {
      what: 'a token that was asked for as if it were a dry run',
      change: { isDryRun: true },
      target: { group: '', resource: 'serviceaccounts', subresource: 'token' },
      recorded: true,
    },
    { what: 'what a pod does', change: { caller: { user: robot }, address: podAddress }, recorded: false },
    {
      what: "what a pod on the device's network does",
      change: { caller: { user: robot }, isFromDevice: true },
      recorded: false,
    },
    { what: "what somebody does elsewhere with a pod's token", change: { caller: { user: robot } }, recorded: true },
    { what: 'what a person does from a pod', change: { address: podAddress }, recorded: true },
    {
      what: 'a pod that enters another',
      change: { caller: { user: robot }, address: podAddress, code: 101 },
      target: { group: '', resource: 'pods', subresource: 'exec' },
      recorded: true,
    },
    {
      what: 'a stream that calls itself a dry run',
      change: { code: 101, uri: '/exec?command=sh&dryRun=All' },
      target: { group: '', resource: 'pods', subresource: 'exec' },
      recorded: true,
    },
    { what: 'what a person does as a pod', change: { caller: { user: robot, impersonator: ann } }, recorded: true },
  ] as {
    readonly what: string;
    readonly change?: Partial<AuditedRequest>;
    readonly target?: Partial<AuditedRequest['target']>;
    readonly recorded: boolean;
  }[]) {
    it(`${recorded ? 'is' : 'is not'} ${what}`, () =>
      assert.equal(
        isRecorded(request(change, target), (address) => address === podAddress),
        recorded,
      ));
  }

  it('is the same when it is tried again in the same way', () => {
    assert.equal(sameKey(request({ endedAtMs: 1 })), sameKey(request({ endedAtMs: 2 })));
    assert.notEqual(sameKey(request()), sameKey(request({}, { name: 'other' })));
  });

  it('is to be little of what costs its cause nothing', () => {
    const isOne = (change: Partial<AuditedRequest>): boolean =>
      isLimited(request(change), (address) => address === podAddress);
    assert.equal(isOne({ code: 403 }), true);
    assert.equal(isOne({ caller: { user: robot }, address: podAddress, code: 101 }), true);
    assert.equal(isOne({}), false);
  });

  it('says how much was left out, and of whom', () => {
    assert.deepEqual(omittedEvent('eve', 880, 0), {
      kind: 'Event',
      apiVersion: 'audit.k8s.io/v1',
      level: 'None',
      user: { username: 'eve' },
      stageTimestamp: '1970-01-01T00:00:00.000000Z',
      annotations: { 'audit.eliot.run/omitted': '880' },
    });
    assert.equal('user' in omittedEvent(undefined, 1, 0), false);
  });
});

describe('a line of the audit log', () => {
  it('has the fields of audit.k8s.io/v1 at the level Metadata', () => {
    assert.deepEqual(toAuditEvent(request(), 'id'), {
      kind: 'Event',
      apiVersion: 'audit.k8s.io/v1',
      level: 'Metadata',
      auditID: 'id',
      stage: 'ResponseComplete',
      requestURI: '/apis/apps/v1/namespaces/default/deployments/web',
      verb: 'patch',
      user: ann,
      sourceIPs: ['10.0.0.7'],
      userAgent: 'kubectl/v1.35.0',
      objectRef: { resource: 'deployments', namespace: 'default', name: 'web', apiGroup: 'apps', apiVersion: 'v1' },
      responseStatus: { metadata: {}, code: 200 },
      requestReceivedTimestamp: '2026-11-22T10:00:00.000000Z',
      stageTimestamp: '2026-11-22T10:00:00.042000Z',
      annotations: { 'authorization.k8s.io/decision': 'allow' },
    });
  });

  it('says who acted as whom, and why it was refused', () => {
    const failure = new StatusError('Forbidden', 'no');
    const caller = { user: { username: 'dev', groups: [] }, impersonator: ann };
    const event = toAuditEvent(request({ caller, code: 403, failure }), 'id') as Record<string, unknown>;
    assert.deepEqual(event['user'], ann);
    assert.deepEqual(event['impersonatedUser'], { username: 'dev', groups: [] });
    assert.deepEqual(event['responseStatus'], {
      metadata: {},
      status: 'Failure',
      message: 'no',
      reason: 'Forbidden',
      code: 403,
    });
    assert.deepEqual(event['annotations'], { 'authorization.k8s.io/decision': 'forbid' });
  });

  it('leaves out the command that is run in a container, in whatever way it is written', () => {
    const path = '/api/v1/namespaces/default/pods/db/exec';
    for (const { query, left } of [
      {
        query: '?command=psql&command=postgres%3A%2F%2Fapp%3Ahunter2%40db&container=main&tty=true',
        left: '?container=main&tty=true',
      },
      { query: '?container=main&%63ommand=hunter2', left: '?container=main' },
      { query: '?command=hunter2', left: '' },
      { query: '?stdin=true', left: '?stdin=true' },
    ]) {
      const event = toAuditEvent(request({ uri: path + query, code: 101 }), 'id') as Record<string, unknown>;
      assert.equal(event['requestURI'], path + left);
    }
  });

  it('is bounded, whatever was sent', () => {
    const long = 'x'.repeat(100_000);
    const failure = new StatusError('Forbidden', long);
    const event = toAuditEvent(request({ uri: long, userAgent: long, code: 403, failure }), 'id');
    assert.ok(JSON.stringify(event).length < 5_000);
  });
});

describe('the events of the node', () => {
  const stream = (subresource: string, uri: string): AuditedRequest =>
    request({ code: 101, uri, verb: 'create' }, { group: '', resource: 'pods', subresource });

  it('say who entered which pod, and with what program', () => {
    assert.deepEqual(
      streamEvent(stream('exec', '/exec?container=main&command=sh&command=-c&command=ls%20/&stdin=true')),
      {
        reason: 'Exec',
        message: 'ann from 10.0.0.7: pod default/web, container main: sh',
      },
    );
    const long = streamEvent(stream('exec', `/exec?command=${'x'.repeat(9_000)}`));
    assert.ok((long?.message.length ?? 0) < 200);
    assert.equal(streamEvent(stream('portforward', '/portforward'))?.message, 'ann from 10.0.0.7: pod default/web');
    const caller = { user: { username: 'dev', groups: [] }, impersonator: ann };
    const attach = streamEvent({ ...stream('attach', '/attach'), caller, address: undefined });
    assert.equal(attach?.message, 'ann as dev from the device itself: pod default/web');
  });

  it('say nothing of what stands behind the program, where passwords are', () => {
    const uri = '/exec?command=psql&command=postgres%3A%2F%2Fapp%3Ahunter2%40db&command=-c&command=select';
    assert.equal(streamEvent(stream('exec', uri))?.message, 'ann from 10.0.0.7: pod default/web: psql');
  });

  it('say nothing of a stream that was refused, or of a change', () => {
    assert.equal(streamEvent({ ...stream('exec', '/exec?command=sh'), code: 403 }), undefined);
    assert.equal(streamEvent(request()), undefined);
  });

  it('say who got a certificate, and whose was revoked', () => {
    const client = { name: 'Bob', groups: ['eliot:viewers'], objectName: 'bob' };
    assert.deepEqual(clientEvent('issued', client), {
      reason: 'ClientIssued',
      message: 'Issued the certificate bob of Bob (eliot:viewers)',
    });
    assert.equal(clientEvent('revoked', client).reason, 'ClientRevoked');
  });
});
