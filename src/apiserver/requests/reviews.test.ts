import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { TestApi } from '../../testing/api-server.ts';
import { developersGroup, viewersGroup } from '../identity.ts';

const rulesPath = '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews';

describe('the list of what one may do (kubectl auth can-i --list)', () => {
  let api: TestApi;
  before(async () => {
    api = await TestApi.start();
  });
  after(() => api.stop());

  async function mayDo(group: string | undefined, namespace: string): Promise<(verb: string, what: string) => boolean> {
    const headers = {
      'impersonate-user': 'somebody',
      ...(group === undefined ? {} : { 'impersonate-group': group }),
    };
    const body = { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectRulesReview', spec: { namespace } };
    const { json } = await api.post(rulesPath, body, { headers });
    assert.equal(json.status.incomplete, false);
    const rules: { verbs: string[]; apiGroups: string[]; resources: string[] }[] = json.status.resourceRules;
    return (verb, what) => {
      const [resource = '', ...group_] = what.split('.');
      const apiGroup = group_.join('.');
      return rules.some(
        ({ verbs, apiGroups, resources }) =>
          verbs.includes(verb) && apiGroups.includes(apiGroup) && resources.includes(resource),
      );
    };
  }

  it('has for developers what they may write in their namespaces, and not in the system’s', async () => {
    const inDefault = await mayDo(developersGroup, 'default');
    const inSystem = await mayDo(developersGroup, 'kube-system');
    for (const [verb, what] of [
      ['create', 'pods'],
      ['create', 'pods/exec'],
      ['get', 'secrets'],
      ['patch', 'deployments.apps'],
    ] as const) {
      assert.ok(inDefault(verb, what), `${verb} ${what}`);
      assert.ok(!inSystem(verb, what), `${verb} ${what}`);
    }
    for (const may of [inDefault, inSystem]) {
      assert.ok(may('list', 'pods'));
      assert.ok(may('create', 'imagearchives.eliot.run'));
      assert.ok(!may('list', 'clients.eliot.run'));
      assert.ok(!may('patch', 'nodes'));
    }
  });

  it('has for viewers what they may read, and for others questions about themselves', async () => {
    const viewer = await mayDo(viewersGroup, 'default');
    assert.ok(viewer('watch', 'pods'));
    assert.ok(viewer('get', 'pods/log'));
    assert.ok(!viewer('get', 'pods/exec'));
    assert.ok(!viewer('get', 'secrets'));
    const other = await mayDo(undefined, 'default');
    assert.ok(other('create', 'selfsubjectaccessreviews.authorization.k8s.io'));
    assert.ok(!other('get', 'pods'));
  });
});
