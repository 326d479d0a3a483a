import assert from 'node:assert/strict';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { connect } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { TestApi } from '../testing/api-server.ts';
import { noTransfers } from '../testing/no-transfers.ts';
import { configMap, pod } from '../testing/registry.ts';
import { RequestLimits } from './request-limits.ts';

const configMaps = '/api/v1/namespaces/default/configmaps';
const pods = '/api/v1/namespaces/default/pods';

describe('the API server', () => {
  let api: TestApi;
  before(async () => {
    api = await TestApi.start();
  });
  after(() => api.stop());

  it('listens on a socket that only its owner can open, whatever the umask is', async () => {
    assert.equal(statSync(api.socketPath).mode & 0o777, 0o600);
    assert.notEqual(process.umask(), 0o177);
  });

  describe('on objects', () => {
    it('creates, reads, replaces, patches and deletes', async () => {
      const created = await api.post(configMaps, configMap('life', { x: '1' }));
      assert.equal(created.code, 201);
      assert.equal((await api.get(`${configMaps}/life`)).json.data.x, '1');
      const put = await api.send('PUT', `${configMaps}/life`, { body: configMap('life', { x: '2' }) });
      assert.deepEqual([put.code, put.json.data.x], [200, '2']);
      const patch = await api.send('PATCH', `${configMaps}/life`, {
        headers: { 'content-type': 'application/merge-patch+json' },
        body: JSON.stringify({ data: { y: '3' } }),
      });
      assert.deepEqual([patch.code, patch.json.data], [200, { x: '2', y: '3' }]);
      const deleted = await api.send('DELETE', `${configMaps}/life`);
      assert.equal(deleted.code, 200);
      assert.deepEqual(deleted.json, {
        kind: 'Status',
        apiVersion: 'v1',
        metadata: {},
        status: 'Success',
        details: { name: 'life', kind: 'configmaps', uid: created.json.metadata.uid },
        code: 200,
      });
      assert.equal((await api.get(`${configMaps}/life`)).code, 404);
    });

    it('applies on the server side, in YAML and JSON', async () => {
      const apply = (body: string, query = 'fieldManager=helm') =>
        api.send('PATCH', `${configMaps}/applied?${query}`, {
          headers: { 'content-type': 'application/apply-patch+yaml' },
          body,
        });
      const yaml = (x: string) => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: applied}\ndata:\n  x: ${x}\n`;
      assert.deepEqual([(await apply(yaml('a'))).code, (await apply(yaml('a'))).code], [201, 200]);
      const changed = await apply(JSON.stringify(configMap('applied', { x: 'b' })));
      assert.deepEqual([changed.code, changed.json.data], [200, { x: 'b' }]);
      const refused = await apply(yaml('c'), 'fieldManager=other&force=false');
      assert.deepEqual([refused.code, refused.json.reason], [409, 'Conflict']);
      assert.deepEqual(refused.json.details, {
        causes: [{ reason: 'FieldManagerConflict', message: 'conflict with "helm"', field: '.data.x' }],
      });
      assert.equal((await apply(yaml('c'), 'fieldManager=other&force=true')).json.data.x, 'c');
      await api.send('DELETE', `${configMaps}/applied`);
    });

    it('answers the deletion of a pod with the pod, which lives on for its grace', async () => {
      await api.post(pods, pod('going'));
      const { code, json } = await api.send('DELETE', `${pods}/going`, {
        body: { kind: 'DeleteOptions', apiVersion: 'v1', gracePeriodSeconds: 7, propagationPolicy: 'Background' },
      });
      assert.deepEqual([code, json.kind, json.metadata.deletionGracePeriodSeconds], [200, 'Pod', 7]);
      const gone = await api.send('DELETE', `${pods}/going?gracePeriodSeconds=0`);
      assert.deepEqual([gone.code, gone.json.kind], [200, 'Pod']);
      assert.equal((await api.get(`${pods}/going`)).code, 404);
    });

    it('evicts a pod by deleting it gracefully', async () => {
      await api.post(pods, pod('evicted'));
      const body = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'evicted' } };
      assert.equal((await api.post(`${pods}/evicted/eviction`, body)).code, 201);
      assert.ok((await api.get(`${pods}/evicted`)).json.metadata.deletionTimestamp);
    });

    it('refuses an eviction that no budget allows, without telling the client library to try again by itself', async () => {
      await api.post(pods, pod('guarded', {}, { labels: { app: 'guarded' } }));
      const status = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };
      const headers = { 'content-type': 'application/merge-patch+json' };
      await api.send('PATCH', `${pods}/guarded/status`, { headers, body: JSON.stringify({ status }) });
      const budgets = '/apis/policy/v1/namespaces/default/poddisruptionbudgets';
      const spec = { selector: { matchLabels: { app: 'guarded' } }, minAvailable: 1 };
      const budget = (name: string) => ({ metadata: { name }, spec });
      await api.post(budgets, budget('one'));
      const counted = { status: { observedGeneration: 1, desiredHealthy: 1, currentHealthy: 1 } };
      await api.send('PATCH', `${budgets}/one/status`, { headers, body: JSON.stringify(counted) });
      const evict = () => api.post(`${pods}/guarded/eviction`, { metadata: { name: 'guarded' } });
      const refused = await evict();
      assert.deepEqual([refused.code, refused.headers['retry-after']], [429, undefined]);
      const [cause] = refused.json.details.causes;
      assert.equal(cause.message, 'The disruption budget one needs 1 healthy pods and has 1 currently');
      await api.post(budgets, budget('two'));
      const ambiguous = await evict();
      assert.deepEqual([ambiguous.code, ambiguous.json.status], [500, 'Failure']);
      assert.match(ambiguous.json.message, /^This pod has more than one PodDisruptionBudget/);
      await api.send('DELETE', budgets);
      assert.equal((await evict()).code, 201);
    });

    it('deletes a collection by selector', async () => {
      await api.post(configMaps, configMap('many-1', {}, { labels: { many: 'yes' } }));
      await api.post(configMaps, configMap('many-2', {}, { labels: { many: 'yes' } }));
      const { code, json } = await api.send('DELETE', `${configMaps}?labelSelector=many%3Dyes`);
      assert.deepEqual([code, json.items.length], [200, 2]);
    });

    it('names the writer by its user agent when it does not name itself', async () => {
      const headers = { 'user-agent': 'kubectl/v1.35.2 (linux/amd64)' };
      const { json } = await api.post(configMaps, configMap('managed', { x: '1' }), { headers });
      assert.equal(json.metadata.managedFields[0].manager, 'kubectl');
      const named = await api.post(`${configMaps}?fieldManager=me`, configMap('managed-2', { x: '1' }));
      assert.equal(named.json.metadata.managedFields[0].manager, 'me');
    });

    it('takes YAML, with octal numbers as Kubernetes reads them', async () => {
      const body = [
        'apiVersion: v1',
        'kind: Pod',
        'metadata: {name: yaml}',
        'spec:',
        '  containers: [{name: main, image: busybox}]',
        '  volumes: [{name: v, configMap: {name: c, defaultMode: 0644}}]',
      ].join('\n');
      const { code, json } = await api.send('POST', pods, { headers: { 'content-type': 'application/yaml' }, body });
      assert.equal(code, 201, json.message);
      assert.equal(json.spec.volumes[0].configMap.defaultMode, 0o644);
    });

    it('warns of unknown fields unless told otherwise', async () => {
      const { code, rawHeaders } = await api.post(configMaps, { ...configMap('warned'), bo: { '"gus': 1 } });
      assert.equal(code, 201);
      assert.equal(rawHeaders[rawHeaders.indexOf('Warning') + 1], '299 - "unknown field \\"bo\\""');
      const strict = await api.post(`${configMaps}?fieldValidation=Strict`, { ...configMap('strict'), bogus: 1 });
      assert.deepEqual([strict.code, strict.json.reason], [400, 'BadRequest']);
      const twice = '{"metadata":{"name":"twice"},"data":{"a":"1","a":"2"}}';
      const repeated = await api.send('POST', `${configMaps}?fieldValidation=Strict`, { body: twice });
      assert.match(repeated.json.message, /strict decoding error: duplicate field "data.a"/);
    });
  });

  describe('in other forms', () => {
    before(async () => {
      await api.post(configMaps, configMap('shown', { a: '1', b: '2' }, { labels: { form: 'yes' } }));
    });
    const list = `${configMaps}?labelSelector=form%3Dyes`;
    const table = 'application/json;as=Table;v=v1;g=meta.k8s.io';

    it('prints lists as tables, with the metadata of each object', async () => {
      const { json } = await api.get(list, { headers: { accept: `${table},application/json` } });
      assert.deepEqual([json.kind, json.apiVersion], ['Table', 'meta.k8s.io/v1']);
      assert.deepEqual(
        json.columnDefinitions.map(({ name }: { name: string }) => name),
        ['Name', 'Data', 'Age'],
      );
      assert.deepEqual(json.rows[0].cells.slice(0, 2), ['shown', 2]);
      assert.equal(json.rows[0].object.kind, 'PartialObjectMetadata');
      assert.match(json.metadata.resourceVersion, /^\d+$/);
    });

    it('puts into each row what includeObject says', async () => {
      const headers = { accept: table };
      const none = await api.get(`${list}&includeObject=None`, { headers });
      assert.equal(none.json.rows[0].object, undefined);
      const whole = await api.get(`${list}&includeObject=Object`, { headers });
      assert.equal(whole.json.rows[0].object.data.a, '1');
      assert.equal((await api.get(`${list}&includeObject=Half`, { headers })).code, 400);
    });

    it('prints one object as a table of one row', async () => {
      const { json } = await api.get(`${configMaps}/shown`, { headers: { accept: table } });
      assert.equal(json.rows.length, 1);
    });

    it('leaves everything but metadata away for those who want only that', async () => {
      const accept = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';
      const { json } = await api.get(list, { headers: { accept } });
      assert.equal(json.kind, 'PartialObjectMetadataList');
      assert.deepEqual(Object.keys(json.items[0]).sort(), ['apiVersion', 'kind', 'metadata']);
    });

    it('answers JSON to those who would rather have protobuf, and 406 to those who take nothing else', async () => {
      const protobuf = 'application/vnd.kubernetes.protobuf';
      const both = await api.get(list, { headers: { accept: `${protobuf},application/json` } });
      assert.equal(both.headers['content-type'], 'application/json');
      const only = await api.get(list, { headers: { accept: protobuf } });
      assert.deepEqual([only.code, only.json.reason], [406, 'NotAcceptable']);
    });

    it('gzips what is long, for those who take it', async () => {
      await api.post(configMaps, configMap('long', { text: 'x'.repeat(300_000) }, { labels: { long: 'yes' } }));
      const path = `${configMaps}?labelSelector=long%3Dyes`;
      const plain = await api.get(path);
      assert.equal(plain.headers['content-encoding'], undefined);
      const zipped = await api.get(path, { headers: { 'accept-encoding': 'gzip' } });
      assert.equal(zipped.headers['content-encoding'], 'gzip');
      assert.equal(gunzipSync(zipped.body).toString(), plain.text);
      assert.ok(zipped.body.length < plain.body.length / 10);
    });
  });

  describe('refusing', () => {
    for (const { method = 'GET', path, body, headers = {}, code, reason, message } of [
      { path: `${configMaps}/none`, code: 404, reason: 'NotFound', message: 'configmaps "none" not found' },
      { path: '/nope', code: 404, reason: 'NotFound', message: 'the server could not find the requested resource' },
      { path: '/api/v1/bogus', code: 404, reason: 'NotFound', message: /could not find/ },
      { path: '/apis/apps/v1/statefulsets', code: 404, reason: 'NotFound', message: /could not find/ },
      { path: '/api/v1/pods/name', code: 404, reason: 'NotFound', message: /could not find/ },
      { path: '/api/v1/namespaces/default/nodes', code: 404, reason: 'NotFound', message: /could not find/ },
      { path: `${pods}/a/b/c`, code: 404, reason: 'NotFound', message: /could not find/ },
      { path: '/api/v1/%E0%A4%A', code: 404, reason: 'NotFound', message: /could not find/ },
      { path: `${pods}/a/scale`, code: 404, reason: 'NotFound', message: /could not find/ },
      { method: 'POST', path: `${configMaps}/a`, code: 405, reason: 'MethodNotAllowed', message: /does not allow/ },
      { method: 'PUT', path: configMaps, code: 405, reason: 'MethodNotAllowed', message: /does not allow/ },
      { method: 'OPTIONS', path: configMaps, code: 405, reason: 'MethodNotAllowed', message: /does not allow/ },
      { method: 'POST', path: '/version', code: 405, reason: 'MethodNotAllowed', message: /does not allow/ },
      { method: 'POST', path: '/api/v1/pods', code: 405, reason: 'MethodNotAllowed', message: /does not allow/ },
      {
        method: 'POST',
        path: '/api/v1/namespaces/default/replicationcontrollers',
        body: {},
        code: 405,
        reason: 'MethodNotAllowed',
        message: /does not allow/,
      },
      { method: 'POST', path: configMaps, code: 400, reason: 'BadRequest', message: /EOF/ },
      { method: 'POST', path: configMaps, body: '{"a":', code: 400, reason: 'BadRequest', message: /invalid JSON/ },
      {
        method: 'POST',
        path: configMaps,
        body: 'a: [',
        headers: { 'content-type': 'application/yaml' },
        code: 400,
        reason: 'BadRequest',
        message: /invalid YAML/,
      },
      {
        method: 'POST',
        path: configMaps,
        body: Buffer.from('k8s\0\xff\xff', 'latin1'),
        headers: { 'content-type': 'application/vnd.kubernetes.protobuf' },
        code: 400,
        reason: 'BadRequest',
        message: /./,
      },
      {
        method: 'POST',
        path: configMaps,
        body: '<a/>',
        headers: { 'content-type': 'text/xml' },
        code: 415,
        reason: 'UnsupportedMediaType',
        message: /accepted media types include: application\/json/,
      },
      {
        method: 'PATCH',
        path: `${configMaps}/a`,
        body: '{}',
        headers: { 'content-type': 'application/json' },
        code: 415,
        reason: 'UnsupportedMediaType',
        message: /application\/strategic-merge-patch\+json/,
      },
      {
        method: 'PATCH',
        path: `${configMaps}/a`,
        body: 'apiVersion: v1',
        headers: { 'content-type': 'application/apply-patch+yaml' },
        code: 422,
        reason: 'Invalid',
        message: 'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
      },
      {
        method: 'PATCH',
        path: `${configMaps}/a?force=true`,
        body: '{}',
        headers: { 'content-type': 'application/merge-patch+json' },
        code: 422,
        reason: 'Invalid',
        message: 'PatchOptions.meta.k8s.io "" is invalid: force: Forbidden: may not be specified for non-apply patch',
      },
      {
        method: 'POST',
        path: `${configMaps}?dryRun=Some`,
        body: configMap('a'),
        code: 422,
        reason: 'Invalid',
        message: /dryRun: Unsupported value: "Some": supported values: "All"/,
      },
      {
        method: 'POST',
        path: `${configMaps}?fieldValidation=Maybe`,
        body: configMap('a'),
        code: 422,
        reason: 'Invalid',
        message: /fieldValidation: Unsupported value: "Maybe"/,
      },
      {
        method: 'DELETE',
        path: `${configMaps}/a`,
        body: { propagationPolicy: 'Sideways' },
        code: 422,
        reason: 'Invalid',
        message: /propagationPolicy: Unsupported value: "Sideways"/,
      },
      { path: `${configMaps}?limit=many`, code: 400, reason: 'BadRequest', message: /limit/ },
      { path: `${configMaps}?labelSelector=a%20in%20(`, code: 400, reason: 'BadRequest', message: /parse/ },
      {
        path: `${pods}?fieldSelector=foo=bar`,
        code: 400,
        reason: 'BadRequest',
        message: 'field label not supported: foo',
      },
      { path: `${pods}/nobody/log`, code: 404, reason: 'NotFound', message: 'pods "nobody" not found' },
      { path: `${pods}/nobody/exec`, code: 400, reason: 'BadRequest', message: 'Upgrade request required' },
    ]) {
      it(`${method} ${path}${body === undefined ? '' : ` of ${JSON.stringify(body).slice(0, 30)}`} with ${code}`, async () => {
        const answer = await api.send(method, path, { body, headers });
        assert.equal(answer.code, code, answer.text);
        assert.deepEqual(
          [answer.json.kind, answer.json.apiVersion, answer.json.status, answer.json.code, answer.json.reason],
          ['Status', 'v1', 'Failure', code, reason],
        );
        if (typeof message === 'string') assert.equal(answer.json.message, message);
        else assert.match(answer.json.message, message);
      });
    }

    it('a body of 5 MB, and hears it to the end so that the client gets the answer', async () => {
      const { code, json } = await api.post(configMaps, configMap('big', { x: 'x'.repeat(5_000_000) }));
      assert.deepEqual([code, json.reason], [413, 'RequestEntityTooLarge']);
      assert.equal((await api.get(`${configMaps}/big`)).code, 404);
    });

    it('a short body that nobody wants, without the loss of the connection', async () => {
      const socket = connect(api.socketPath);
      const wanted = 'POST /nope HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello';
      const last = 'GET /nope HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
      socket.write(wanted + wanted + last);
      let text = '';
      for await (const chunk of socket) text += chunk;
      assert.deepEqual(
        [...text.matchAll(/HTTP\/1\.1 (\d+) /g)].map(([, code]) => code),
        ['405', '405', '404'],
      );
    });

    it('a YAML document that grows without end', async () => {
      const bomb = ['a: &a [x,x,x,x,x,x,x,x,x]'];
      for (const [index, name] of [...'bcdefghij'].entries()) {
        const previous = 'abcdefghij'[index];
        bomb.push(`${name}: &${name} [${Array(9).fill(`*${previous}`).join(',')}]`);
      }
      const headers = { 'content-type': 'application/yaml' };
      const { code } = await api.send('POST', configMaps, { headers, body: bomb.join('\n') });
      assert.ok(code === 413 || code === 400, String(code));
    });

    it('what is no HTTP with a Status as well', async () => {
      const socket = connect(api.socketPath);
      socket.write('NONSENSE\r\n\r\n');
      let text = '';
      for await (const chunk of socket) text += chunk;
      assert.match(text, /^HTTP\/1.1 400 Bad Request\r\n/);
      assert.equal(JSON.parse(text.slice(text.indexOf('\r\n\r\n'))).kind, 'Status');
    });

    it('its own failures with an id that stands in the log, and nothing from inside', async () => {
      await api.post(pods, pod('broken'));
      const { code, text, json } = await api.get(`${pods}/broken/log`);
      assert.equal(code, 500);
      assert.ok(!text.includes('no logs here'));
      const logged = api.errors.at(-1);
      assert.ok(json.message.includes(String(logged?.['id'])));
      assert.match(String(logged?.['error']), /no logs here/);
    });
  });

  describe('as to time', () => {
    it('gives up a client whose body stops arriving', async () => {
      const request = await api.open('POST', configMaps, { headers: { 'content-length': '100' } });
      request.write('{"half":');
      const answer = once(request, 'response');
      while (api.clock.sleeping === 0) await new Promise((resolve) => setImmediate(resolve));
      api.clock.advance(30_000);
      const [response] = await answer;
      assert.equal(response.statusCode, 504);
      assert.equal(response.headers.connection, 'close');
      response.resume();
      request.destroy();
    });

    it('drops 64 watchers that read nothing, and holds little for them until then', async () => {
      const path = `${configMaps}?watch=1&resourceVersion=${api.store.revision()}`;
      const responses = await Promise.all(
        Array.from({ length: 64 }, async () => {
          const { response } = await api.watch(path);
          return response.on('error', () => {}).pause();
        }),
      );
      const watching = api.clock.sleeping;
      const before = process.memoryUsage().rss;
      for (let round = 0; round < 120; round += 1) {
        await api.post(configMaps, configMap(`slow-${round}`, { x: 'x'.repeat(50_000) }));
      }
      // Each of them waits for room now, beside the timer that every watch has.
      while (api.clock.sleeping < watching + 64) await new Promise((resolve) => setImmediate(resolve));
      // 64 x 6 MB would be 384 MB; clients and garbage of this process are counted too.
      const grown = process.memoryUsage().rss - before;
      assert.ok(grown < 200_000_000, `grew by ${grown} bytes`);
      api.clock.advance(30_000);
      await Promise.all(
        responses.map((response) => new Promise((resolve) => response.once('close', resolve).resume())),
      );
      assert.ok(responses.every((response) => !response.complete));
    });
  });
});

describe('what cannot be answered', () => {
  it('is not done', async () => {
    let loaded = 0;
    const imageTransfers = {
      importArchive: async () => {
        loaded += 1;
        return [];
      },
    };
    const api = await TestApi.start({ imageTransfers: { ...noTransfers, ...imageTransfers } });
    const accept = 'application/vnd.kubernetes.protobuf';
    await api.post(configMaps, configMap('kept'));
    assert.equal((await api.send('DELETE', `${configMaps}/kept`, { headers: { accept } })).code, 406);
    assert.equal((await api.get(`${configMaps}/kept`)).code, 200);
    const archives = '/apis/eliot.run/v1alpha1/imagearchives';
    const headers = { 'content-type': 'application/x-tar' };
    const refused = await api.send('POST', archives, { headers: { ...headers, accept }, body: 'tar' });
    assert.equal(refused.code, 406);
    const dry = await api.send('POST', `${archives}?dryRun=All`, { headers, body: 'tar' });
    assert.deepEqual([dry.code, dry.json.message], [400, 'an image archive cannot be loaded as a dry run']);
    assert.equal(loaded, 0);
    assert.equal((await api.send('POST', archives, { headers, body: 'tar' })).code, 201);
    await api.stop();
  });
});

describe('the number of requests', () => {
  it('is bounded, watches apart from the rest', async () => {
    const api = await TestApi.start({ limits: { maxInFlight: 1, maxLongRunning: 1 } });
    const watch = await api.watch(`${configMaps}?watch=true`);
    assert.equal((await api.get(configMaps)).code, 200);
    const { code, headers, json } = await api.get(`${configMaps}?watch=true`);
    assert.deepEqual([code, headers['retry-after'], json.reason], [429, '1', 'TooManyRequests']);
    watch.close();
    await api.stop();
  });

  it('goes down once for each request that ended', () => {
    const limits = new RequestLimits({ maxInFlight: 1, maxLongRunning: 1 });
    const leave = limits.enter(false);
    assert.throws(() => limits.enter(false));
    leave();
    leave();
    limits.enter(false);
    assert.throws(() => limits.enter(false));
  });
});
