import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { TestApi, webSocketHeaders } from '../testing/api-server.ts';
import { configMap, pod } from '../testing/registry.ts';
import type { AuditedRequest } from './audit.ts';

const configMaps = '/api/v1/namespaces/default/configmaps';

describe('what the keeper of the record is told', () => {
  let api: TestApi;
  let told: AuditedRequest[];
  before(async () => {
    api = await TestApi.start({ audit: (request) => told.push(request) });
    await api.post('/api/v1/namespaces/default/pods', pod('a'));
  });
  beforeEach(() => {
    told = [];
  });
  after(() => api.stop());

  const lines = (): string[] =>
    told.map(({ caller, address, verb, target, code }) =>
      [
        caller.user.username,
        address ?? '-',
        verb,
        target.resource,
        target.subresource ?? '',
        target.name ?? '',
        code,
      ].join(' '),
    );

  it('is every change, with its outcome and the name that the object got', async () => {
    await api.post(configMaps, configMap('a'), { as: 'admin' });
    await api.post(configMaps, configMap('a'), { as: 'admin' });
    await api.send('DELETE', `${configMaps}/a`);
    await api.post(configMaps, configMap('b'), { as: 'viewer' });
    assert.deepEqual(lines(), [
      'admin 127.0.0.1 create configmaps  a 201',
      'admin 127.0.0.1 create configmaps   409',
      'root - delete configmaps  a 200',
      'viewer 127.0.0.1 create configmaps   403',
    ]);
    assert.ok(told.every(({ isFromDevice }) => isFromDevice));
    assert.match(told[3]?.failure?.message ?? '', /cannot create resource "configmaps"/);
  });

  it('is a dry run only when nothing was changed', async () => {
    await api.post(`${configMaps}?dryRun=All`, configMap('dry'));
    await api.post(configMaps, configMap('wet'));
    await api.send('DELETE', `${configMaps}/wet?x?dryRun=All`);
    assert.deepEqual(
      told.map(({ verb, code, isDryRun }) => [verb, code, isDryRun]),
      [
        ['create', 201, true],
        ['create', 201, false],
        ['delete', 200, false],
      ],
    );
  });

  it('is a stream into a pod that begins or is refused, and no look', async () => {
    const exec = '/api/v1/namespaces/default/pods/a/exec?command=ls&stdout=1';
    await api.get(exec, { as: 'viewer', headers: webSocketHeaders });
    await api.get(exec.replace('command=ls&', ''), { as: 'admin', headers: webSocketHeaders });
    await api.get(configMaps, { as: 'admin' });
    await api.get(configMaps, { as: 'stranger' });
    assert.deepEqual(lines(), ['viewer 127.0.0.1 create pods exec a 403', 'admin 127.0.0.1 create pods exec a 101']);
  });

  it('is who really asked, when somebody acts as another', async () => {
    await api.send('DELETE', `${configMaps}/none`, { headers: { 'impersonate-user': 'bob' } });
    assert.equal(told[0]?.caller.user.username, 'bob');
    assert.equal(told[0]?.caller.impersonator?.username, 'root');
  });
});
