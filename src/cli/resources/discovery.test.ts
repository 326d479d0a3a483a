import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, describe, it } from 'node:test';
import { RestClient } from '../../client/rest-client.ts';
import { Transport } from '../../client/transport.ts';
import { LocalDevice } from '../../testing/local-device.ts';
import { parseDuration } from '../duration.ts';
import { discoverResources } from './discovery.ts';
import { ResourceFinder } from './resource-finder.ts';
import { resourceName } from './resource-kind.ts';

const signal = new AbortController().signal;

/** A server that only knows the older discovery, and one of whose groups is away. */
const legacyAnswers: Readonly<Record<string, unknown>> = {
  '/api': { kind: 'APIVersions', versions: ['v1'] },
  '/apis': {
    kind: 'APIGroupList',
    groups: [
      { name: 'apps', versions: [{ groupVersion: 'apps/v1', version: 'v1' }] },
      { name: 'away', versions: [{ groupVersion: 'away/v1', version: 'v1' }] },
    ],
  },
  '/api/v1': {
    resources: [
      { name: 'pods', kind: 'Pod', namespaced: true, singularName: 'pod', shortNames: ['po'], verbs: ['get', 'list'] },
      { name: 'pods/log', kind: 'Pod', namespaced: true, verbs: ['get'] },
    ],
  },
  '/apis/apps/v1': {
    resources: [{ name: 'deployments', kind: 'Deployment', namespaced: true, shortNames: ['deploy'], verbs: ['list'] }],
  },
};

describe('discovery', () => {
  it('gives the same of the real server whether aggregated or not', async () => {
    const device = await LocalDevice.start();
    const transport = new Transport({ server: `unix:${device.runDirectory}/eliotd.sock` });
    const found = await discoverResources(new RestClient({ transport }), signal);
    const pods = found.find((kind) => kind.resource === 'pods');
    assert.deepEqual([pods?.kind, pods?.namespaced, pods?.shortNames], ['Pod', true, ['po']]);
    assert.ok(found.some((kind) => resourceName(kind) === 'leases.coordination.k8s.io'));
    // `pods/sync` of our group is no resource of its own.
    assert.ok(!found.some((kind) => resourceName(kind) === 'pods.eliot.run'));
    transport.close();
    await device.close();
  });

  describe('of an older server', () => {
    let transport: Transport;
    const server = createServer((request, response) => {
      const answer = legacyAnswers[request.url ?? ''];
      if (answer === undefined) response.writeHead(503).end();
      else response.end(JSON.stringify(answer));
    });
    before(async () => {
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const address = server.address();
      transport = new Transport({ server: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}` });
    });
    after(async () => {
      transport.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    });

    it('reads list after list, without subresources, and does without a group that is away', async () => {
      const found = await discoverResources(new RestClient({ transport }), signal);
      assert.deepEqual(found.map(resourceName), ['pods', 'deployments.apps']);
      assert.equal(found[1]?.singular, 'deployment');
    });

    for (const word of ['deploy', 'deployment', 'Deployment', 'deployments.apps', 'deployments.v1.apps']) {
      it(`finds deployments by ${word}`, async () => {
        const finder = new ResourceFinder(new RestClient({ transport }), signal);
        assert.equal((await finder.find(word)).resource, 'deployments');
      });
    }

    it('finds kinds of manifests, and says in which version a kind is served', async () => {
      const finder = new ResourceFinder(new RestClient({ transport }), signal);
      assert.equal((await finder.findKind('apps/v1', 'Deployment')).resource, 'deployments');
      await assert.rejects(finder.findKind('apps/v1beta1', 'Deployment'), (error: Error & { hint?: string }) => {
        assert.equal(error.message, 'no matches for kind "Deployment" in version "apps/v1beta1"');
        assert.equal(error.hint, 'this device serves Deployment in apps/v1');
        return true;
      });
    });
  });
});

describe('a duration', () => {
  for (const [text, ms] of [
    ['0', 0],
    ['90s', 90_000],
    ['1h30m', 5_400_000],
    ['1.5s', 1_500],
    ['200ms', 200],
  ] as const) {
    it(`${text} is ${ms} ms`, () => assert.equal(parseDuration(text, '--x'), ms));
  }
  for (const text of ['', '5', '-5s', '5 s', 's', '1d', '1h30']) {
    it(`"${text}" is none`, () =>
      assert.throws(() => parseDuration(text, '--x'), /for "--x" flag: time: (invalid|missing unit in) duration/));
  }
});
