/** Conformance: discovery, version, field validation, lists, tables and watches. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { ConfigMap } from '../../../src/api/kinds/config-map.ts';
import type { WatchEvent, WatchOptions } from '../../../src/api/object-client.ts';
import { configMaps } from '../../../src/api/resources.ts';
import { kinds } from '../../../src/api/scheme.ts';
import { type RawAnswer, type RawRequest, rawApi } from '../../support/raw-api.ts';
import { ScenarioDevice } from '../../support/scenario-device.ts';
import { waitFor } from '../../support/wait.ts';

const aggregated = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

interface DiscoveredResource {
  readonly resource: string;
  readonly verbs: readonly string[];
  readonly subresources?: readonly { readonly subresource: string }[];
}

describe('conformance: the API itself', () => {
  let on: ScenarioDevice;
  before(async () => {
    on = await ScenarioDevice.start({ image: false });
  });
  after(() => on?.close());

  const raw = (path: string, request?: RawRequest): Promise<RawAnswer> => rawApi(on.device, path, request);

  /** Every resource by `group/version/resource`, from the aggregated documents. */
  const discover = async (): Promise<ReadonlyMap<string, DiscoveredResource>> => {
    const found = new Map<string, DiscoveredResource>();
    for (const root of ['/api', '/apis']) {
      const { json } = await raw(root, { headers: { accept: aggregated } });
      for (const { metadata, versions } of json.items) {
        for (const { version, resources } of versions) {
          for (const each of resources) found.set(`${metadata.name ?? ''}/${version}/${each.resource}`, each);
        }
      }
    }
    return found;
  };

  /** A namespace of ConfigMaps `item-000` and so on, beside its own; the path of its ConfigMaps. */
  const fill = async (namespace: string, count: number): Promise<string> => {
    await on.device.kubectlOk(['create', 'namespace', namespace]);
    const path = `/api/v1/namespaces/${namespace}/configmaps`;
    await waitFor('its own map', async () => (await raw(`${path}/kube-root-ca.crt`)).code === 200);
    const names = Array.from({ length: count }, (_, index) => `item-${String(index).padStart(3, '0')}`);
    for (let at = 0; at < count; at += 20) {
      const made = names
        .slice(at, at + 20)
        .map((name) =>
          raw(path, { method: 'POST', body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } } }),
        );
      for (const { code } of await Promise.all(made)) assert.equal(code, 201);
    }
    return path;
  };

  describe('with the history that it keeps', { concurrency: 4 }, () => {
    it('api/discovery/aggregated: one answer a root names every group, version and resource', async () => {
      const found = await discover();
      // Those that are there for their subresources only are of other groups.
      const served = [...found.values()].filter(({ verbs }) => verbs.length > 0);
      assert.equal(served.length, kinds.length);
      for (const { group, version, resource, verbs, subresources } of kinds) {
        const seen = found.get(`${group}/${version}/${resource}`);
        assert.deepEqual(seen?.verbs, verbs, resource);
        const names = (seen?.subresources ?? []).map(({ subresource }) => subresource);
        assert.deepEqual(
          names,
          subresources.map(({ name }) => name),
          resource,
        );
      }
    });

    it('api/discovery/aggregated-accept-header: who asks for the aggregated form gets it, others the classic one', async () => {
      for (const [root, classic] of [
        ['/api', 'APIVersions'],
        ['/apis', 'APIGroupList'],
      ] as const) {
        const wanted = await raw(root, { headers: { accept: aggregated } });
        assert.deepEqual(
          [wanted.code, wanted.json.kind, wanted.contentType],
          [200, 'APIGroupDiscoveryList', aggregated],
        );
        const plain = await raw(root, { headers: { accept: 'application/json' } });
        assert.deepEqual([plain.code, plain.json.kind, plain.contentType], [200, classic, 'application/json']);
        assert.equal((await raw(root, { headers: { accept: 'text/html' } })).code, 406);
      }
      const core = (await discover()).get('/v1/pods');
      assert.ok(core?.subresources?.some(({ subresource }) => subresource === 'log'));
    });

    it('api/discovery/group-version-and-resource: every group has a list of resources that says the same', async () => {
      const { json } = await raw('/apis');
      assert.ok(json.groups.length > 5);
      for (const { name, versions } of json.groups) {
        for (const { groupVersion } of versions) {
          const list = await raw(`/apis/${groupVersion}`);
          assert.deepEqual([list.json.kind, list.json.groupVersion], ['APIResourceList', groupVersion], name);
          const [first] = list.json.resources;
          assert.ok(first.name.length > 0 && first.verbs.length > 0, name);
        }
      }
    });

    it('api/discovery/preferred-version: every group prefers a version that it serves', async () => {
      for (const { name } of (await raw('/apis')).json.groups) {
        const { json } = await raw(`/apis/${name}`);
        assert.ok(
          json.versions.some(({ version }: { version: string }) => version === json.preferredVersion.version),
          name,
        );
      }
    });

    it('api/version/major-minor-integers: the version is two whole numbers', async () => {
      const { json } = await raw('/version');
      assert.match(json.major, /^\d+$/);
      assert.match(json.minor, /^\d+$/);
    });

    const deployments = '/apis/apps/v1/namespaces/default/deployments?fieldValidation=Strict&dryRun=All';
    const template = '{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"i"}]}}';

    it('api/fieldvalidation/unknown-and-duplicate: both are named at once, each by its path', async () => {
      const spec = `"unknown":1,"paused":true,"paused":false,"selector":{"matchLabels":{"a":"b"}},"template":${template}`;
      const text = `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"strict"},"spec":{${spec}}}`;
      const { code, json } = await raw(deployments, { method: 'POST', body: text });
      assert.equal(code, 400);
      assert.match(json.message, /strict decoding error: /);
      assert.match(json.message, /unknown field "spec\.unknown"/);
      assert.match(json.message, /duplicate field "spec\.paused"/);
      const yaml = text.replace('"paused":true,', '');
      const one = await raw(deployments, {
        method: 'POST',
        body: yaml,
        headers: { 'content-type': 'application/yaml' },
      });
      assert.match(one.json.message, /strict decoding error: unknown field "spec\.unknown"$/);
    });

    it('api/fieldvalidation/unknown-metadata: metadata is looked at as closely', async () => {
      const spec = `"selector":{"matchLabels":{"a":"b"}},"template":${template}`;
      const text = `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"strict","foo":"bar"},"spec":{${spec}}}`;
      const { code, json } = await raw(deployments, { method: 'POST', body: text });
      assert.equal(code, 400);
      assert.match(json.message, /strict decoding error: unknown field "metadata\.foo"/);
    });

    it('api/list/chunking: pages of any size give every object once, in order, at one revision', async () => {
      const count = 400;
      const path = await fill('chunks', count);
      const all = (await raw(path)).json.items.map((each: ConfigMap) => each.metadata.name);
      const seen: string[] = [];
      let token = '';
      let revision = '';
      for (let page = 0; page === 0 || token !== ''; page += 1) {
        const limit = [7, 150, 1, 90][page % 4] ?? 1;
        const { json } = await raw(`${path}?limit=${limit}${token === '' ? '' : `&continue=${token}`}`);
        seen.push(...json.items.map((each: ConfigMap) => each.metadata.name));
        token = json.metadata.continue ?? '';
        revision ||= json.metadata.resourceVersion;
        assert.equal(json.metadata.resourceVersion, revision);
        assert.ok(json.items.length === limit || token === '');
        assert.equal(json.metadata.remainingItemCount, token === '' ? undefined : all.length - seen.length);
      }
      assert.deepEqual(seen, all);
      assert.deepEqual(seen, seen.toSorted());
      assert.ok(seen.length >= count);
    });

    it('api/table/406-without-metadata: what is no object has no table', async () => {
      const body = {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SelfSubjectAccessReview',
        spec: { nonResourceAttributes: { path: '/', verb: 'get' } },
      };
      const path = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
      const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io';
      const { code, json } = await raw(path, { method: 'POST', body, headers: { accept } });
      assert.deepEqual([code, json.reason], [406, 'NotAcceptable']);
      const both = await raw(path, { method: 'POST', body, headers: { accept: `${accept},application/json` } });
      assert.deepEqual([both.code, both.json.kind], [201, 'SelfSubjectAccessReview']);
    });

    const create = (name: string, labels: Record<string, string> = {}, data: Record<string, string> = {}) =>
      on.client.create<ConfigMap>(configMaps, {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { namespace: 'default', name, labels },
        data,
      } as ConfigMap);
    const change = (name: string, patch: object) =>
      on.client.patch<ConfigMap>(configMaps, { namespace: 'default', name }, 'merge', patch);
    const remove = (name: string) => on.client.delete<ConfigMap>(configMaps, { namespace: 'default', name });

    /** The next `count` changes of a watch, as it tells them. */
    const take = async (count: number, options: WatchOptions): Promise<WatchEvent<ConfigMap>[]> => {
      const events: WatchEvent<ConfigMap>[] = [];
      const stop = AbortSignal.timeout(60_000);
      for await (const event of on.client.watch<ConfigMap>(configMaps, { namespace: 'default', ...options }, stop)) {
        if (event.type !== 'BOOKMARK') events.push(event);
        if (events.length === count) return events;
      }
      throw new Error(`the watch ended after ${events.length} of ${count} events`);
    };
    const told = (events: readonly WatchEvent<ConfigMap>[]): string[] =>
      events.map((event) =>
        event.type === 'BOOKMARK'
          ? event.type
          : [event.type, event.object.metadata.name, event.object.data?.['n']].filter(Boolean).join(' '),
      );
    const rv = (object: ConfigMap): string => object.metadata.resourceVersion ?? '';

    it('api/watch/resume-after-close: a watch goes on where another ended, with nothing lost or told twice', async () => {
      const labelSelector = 'watch=resume';
      const labels = { watch: 'resume' };
      const begun = rv(await create('resume', labels, { n: '0' }));
      await change('resume', { data: { n: '1' } });
      const [first] = await take(1, { labelSelector, resourceVersion: begun });
      assert.ok(first && first.type !== 'BOOKMARK');
      await change('resume', { data: { n: '2' } });
      const later = take(3, { labelSelector, resourceVersion: rv(first.object) });
      await change('resume', { data: { n: '3' } });
      await remove('resume');
      assert.deepEqual(told([first, ...(await later)]), [
        'MODIFIED resume 1',
        'MODIFIED resume 2',
        'MODIFIED resume 3',
        'DELETED resume 3',
      ]);
    });

    it('api/watch/from-resource-version: an old revision replays what came after it, the deletion too', async () => {
      await create('from', { watch: 'from' }, { n: '0' });
      const second = rv(await change('from', { data: { n: '1' } }));
      await change('from', { data: { n: '2' } });
      await remove('from');
      const events = await take(2, { labelSelector: 'watch=from', resourceVersion: second });
      assert.deepEqual(told(events), ['MODIFIED from 2', 'DELETED from 2']);
    });

    it('api/watch/multiple-label-watchers: each sees all of its own and nothing else', async () => {
      const begun = rv(await create('labels-start'));
      const watch = (count: number, labelSelector: string) => take(count, { labelSelector, resourceVersion: begun });
      const watches = [watch(4, 'many=a'), watch(2, 'many=b'), watch(6, 'many in (a,b)')];
      await create('many-a', { many: 'a' }, { n: '0' });
      await change('many-a', { data: { n: '1' } });
      await change('many-a', { data: { n: '2' } });
      await remove('many-a');
      await create('many-b', { many: 'b' });
      await remove('many-b');
      await remove('labels-start');
      const ofA = ['ADDED many-a 0', 'MODIFIED many-a 1', 'MODIFIED many-a 2', 'DELETED many-a 2'];
      const ofB = ['ADDED many-b', 'DELETED many-b'];
      assert.deepEqual((await Promise.all(watches)).map(told), [ofA, ofB, [...ofA, ...ofB]]);
    });

    it('api/watch/selector-stops-matching: leaving a selector is a deletion, coming back an addition', async () => {
      const begun = rv(await create('leaving', { leaving: 'no' }, { n: '0' }));
      const events = take(5, { labelSelector: 'leaving=no', resourceVersion: begun });
      await change('leaving', { data: { n: '1' } });
      await change('leaving', { metadata: { labels: { leaving: 'yes' } } });
      await change('leaving', { data: { n: '2' } });
      await change('leaving', { metadata: { labels: { leaving: 'no' } } });
      await change('leaving', { data: { n: '3' } });
      await remove('leaving');
      assert.deepEqual(told(await events), [
        'MODIFIED leaving 1',
        'DELETED leaving 1',
        'ADDED leaving 2',
        'MODIFIED leaving 3',
        'DELETED leaving 3',
      ]);
    });

    it('api/watch/concurrent-same-order: watches from many revisions tell the same changes in the same order', async () => {
      const labelSelector = 'order=yes';
      const labels = { order: 'yes' };
      const count = 60;
      const starts = [rv(await create('order-start', labels))];
      const writing = (async () => {
        for (let index = 0; index < count; index += 1) {
          const made = await create(`order-${index}`, labels);
          if (index % 4 === 0) await change(`order-${index}`, { data: { n: '1' } });
          if (index % 5 === 0) await remove(`order-${index}`);
          if (starts.length < 10) starts.push(rv(made));
        }
      })();
      const total = count + Math.ceil(count / 4) + Math.ceil(count / 5);
      const whole = take(total, { labelSelector, resourceVersion: starts[0] ?? '' });
      await writing;
      const revisions = (events: readonly WatchEvent<ConfigMap>[]): string[] =>
        events.flatMap((event) => (event.type === 'BOOKMARK' ? [] : [rv(event.object)]));
      const order = revisions(await whole);
      assert.deepEqual(
        order,
        order.toSorted((a, b) => Number(BigInt(a) - BigInt(b))),
      );
      await Promise.all(
        starts.slice(1).map(async (start) => {
          const expected = order.slice(order.indexOf(start) + 1);
          const seen = await take(expected.length, { labelSelector, resourceVersion: start });
          assert.deepEqual(revisions(seen), expected);
        }),
      );
    });
  });

  it('api/list/chunking-after-compaction: a list whose history is gone goes on by a second token', async () => {
    const path = await fill('compacted', 40);
    const first = (await raw(`${path}?limit=10`)).json;
    const token = first.metadata.continue;
    // The device keeps 2 MiB of history: this is more.
    const big = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'big' }, data: { key: '' } };
    await raw('/api/v1/namespaces/default/configmaps', { method: 'POST', body: big });
    for (const letter of ['a', 'b', 'c', 'd']) {
      const body = { ...big, data: { key: letter.repeat(900_000) } };
      const put = await raw('/api/v1/namespaces/default/configmaps/big', { method: 'PUT', body });
      assert.equal(put.code, 200);
    }
    const expired = await raw(`${path}?limit=10&continue=${token}`);
    assert.deepEqual([expired.code, expired.json.reason], [410, 'Expired']);
    assert.notEqual(expired.json.metadata.continue, token);

    const second = (await raw(`${path}?limit=10&continue=${expired.json.metadata.continue}`)).json;
    const names = (list: { readonly items: readonly ConfigMap[] }) => list.items.map(({ metadata }) => metadata.name);
    assert.equal(second.items.length, 10);
    assert.ok((names(second)[0] ?? '') > (names(first)[9] ?? ''), 'it goes on after the last name that was sent');
    assert.ok(BigInt(second.metadata.resourceVersion) > BigInt(first.metadata.resourceVersion));
    assert.equal(second.metadata.remainingItemCount, first.metadata.remainingItemCount - 10);
    const seen = [...names(first), ...names(second)];
    for (let next = second.metadata.continue; next !== undefined; ) {
      const page = (await raw(`${path}?limit=15&continue=${next}`)).json;
      assert.equal(page.metadata.resourceVersion, second.metadata.resourceVersion);
      seen.push(...names(page));
      next = page.metadata.continue;
    }
    assert.deepEqual(seen, names((await raw(path)).json));
  });
});
