import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { imageObjectName } from '../../api/kinds/image.ts';
import type { KubeObject } from '../../api/meta.ts';
import { images as imageResource, pods, serviceAccounts } from '../../api/resources.ts';
import { StatusError } from '../../lib/status-error.ts';
import { type RequestOptions, TestApi } from '../../testing/api-server.ts';
import { pod } from '../../testing/registry.ts';
import type { ImageTransfers } from '../image-transfers.ts';

const group = '/apis/eliot.run/v1alpha1';
const busybox = 'docker.io/library/busybox:1';

describe('images over the API', () => {
  let api: TestApi;
  const transfers: { -readonly [K in keyof ImageTransfers]: ImageTransfers[K] } = {
    importArchive: async () => [],
    exportArchive: async (image) => ({
      sizeBytes: 9,
      read: async function* () {
        yield Buffer.from('tar ');
        yield Buffer.from(image.slice(0, 5));
      },
    }),
    pull: async (image) => ({ name: `docker.io/library/${image}`, id: `sha256:${'a'.repeat(64)}`, sizeBytes: 5 }),
  };
  const archive = `${group}/images/${imageObjectName(busybox)}/archive`;

  before(async () => {
    api = await TestApi.start({ imageTransfers: transfers });
    await api.client.create(imageResource, {
      apiVersion: 'eliot.run/v1alpha1',
      kind: 'Image',
      metadata: { name: imageObjectName(busybox) },
      spec: { image: busybox },
    });
  });
  after(() => api.stop());

  it('are sent as an archive of a length that is known before', async () => {
    const { code, headers, text } = await api.get(archive);
    assert.deepEqual(
      [code, headers['content-type'], headers['content-length'], text],
      [200, 'application/x-tar', '9', 'tar docke'],
    );
    const head = await api.send('HEAD', archive, {});
    assert.deepEqual([head.code, head.headers['content-length'], head.text], [200, '9', '']);
  });

  it('are not sent to those who may only look', async () => {
    assert.equal((await api.get(`${group}/images`, { as: 'viewer' })).code, 200);
    const { code, json } = await api.get(archive, { as: 'viewer' });
    assert.equal(code, 403);
    assert.match(json.message, /cannot get resource "images\/archive" in API group "eliot\.run" at the cluster scope/);
    assert.equal((await api.post(`${group}/imagepulls`, pullOf('busybox:1'), { as: 'viewer' })).code, 403);
  });

  it('that are not there cannot be sent', async () => {
    assert.equal((await api.get(`${group}/images/none/archive`)).code, 404);
    const kept = transfers.exportArchive;
    transfers.exportArchive = async () => Promise.reject(new StatusError('NotFound', 'a layer is not on the device'));
    const { code, json } = await api.get(archive);
    transfers.exportArchive = kept;
    assert.deepEqual([code, json.message], [404, 'a layer is not on the device']);
  });

  it('break the connection when they go while they are sent', async () => {
    const kept = transfers.exportArchive;
    transfers.exportArchive = async () => ({
      sizeBytes: 9,
      read: async function* () {
        yield Buffer.from('tar ');
        throw new StatusError('NotFound', 'gone');
      },
    });
    await assert.rejects(api.get(archive));
    transfers.exportArchive = kept;
  });

  const pullOf = (image: string): unknown => ({
    apiVersion: 'eliot.run/v1alpha1',
    kind: 'ImagePull',
    metadata: {},
    spec: { image },
  });

  it('are pulled, and the answer says what came', async () => {
    const { code, json } = await api.post(`${group}/imagepulls`, pullOf('busybox:1'));
    assert.equal(code, 201);
    assert.deepEqual(json.spec, { image: 'busybox:1' });
    assert.deepEqual(json.status, { image: busybox, id: `sha256:${'a'.repeat(64)}`, sizeBytes: 5 });
  });

  it('are not pulled as a dry run, nor without a name that is one', async () => {
    const dry = await api.post(`${group}/imagepulls?dryRun=All`, pullOf('busybox:1'));
    assert.deepEqual([dry.code, dry.json.message], [400, 'an image cannot be pulled as a dry run']);
    const bad = await api.post(`${group}/imagepulls`, pullOf('A B'));
    assert.equal(bad.code, 422);
    assert.match(bad.json.message, /spec\.image: Invalid value: "A B": couldn't parse image name/);
    assert.equal((await api.post(`${group}/imagepulls`, { ...(pullOf('x') as object), spec: {} })).code, 422);
  });

  describe('under a name that is in use above the caller', () => {
    const asDeveloper = {
      as: 'admin',
      headers: { 'impersonate-user': 'dev', 'impersonate-group': 'eliot:developers' },
    } as const;
    const podOf = (name: string, namespace: string, image: string, serviceAccountName = 'default') =>
      pod(name, { containers: [{ name: 'main', image }], serviceAccountName }, { namespace }) as KubeObject;
    const load = (name: string, { as, headers = {} }: RequestOptions = asDeveloper) => {
      transfers.importArchive = async (_archive, _signal, checkNames) => {
        await checkNames(['docker.io/library/free:1', name]);
        return [name];
      };
      const type = { 'content-type': 'application/x-tar' };
      return api.send('POST', `${group}/imagearchives`, {
        as: as ?? 'root',
        headers: { ...type, ...headers },
        body: 'tar',
      });
    };

    before(async () => {
      const account = { apiVersion: 'v1', kind: 'ServiceAccount' };
      const operator = { name: 'operator', annotations: { 'eliot.run/role': 'cluster-admin' } };
      await api.client.create(serviceAccounts, { ...account, metadata: { ...operator, namespace: 'default' } });
      await api.client.create(pods, podOf('dns', 'kube-system', 'dns:1'));
      await api.client.create(pods, podOf('operator', 'default', 'operator:1', 'operator'));
      await api.client.create(pods, podOf('web', 'default', 'web:1'));
      const pause = 'eliot.run/pause:1';
      const image = { apiVersion: 'eliot.run/v1alpha1', kind: 'Image', spec: { image: pause } };
      const key = { name: imageObjectName(pause) };
      await api.client.create(imageResource, { ...image, metadata: key });
      await api.client.patch(imageResource, key, 'merge', { status: { pinned: true } }, { subresource: 'status' });
    });
    after(() => {
      transfers.importArchive = async () => [];
    });

    for (const { image, why } of [
      {
        image: 'docker.io/library/dns:1',
        why: /image \S+\/dns:1 is in use by Pod kube-system\/dns; only system:masters may replace it/,
      },
      {
        image: 'docker.io/library/operator:1',
        why: /in use by Pod default\/operator, whose service account may do more than user "dev"/,
      },
      { image: 'eliot.run/pause:1', why: /image eliot\.run\/pause:1 is the runtime's own/ },
    ]) {
      it(`are neither loaded nor pulled: ${image}`, async () => {
        const loaded = await load(image);
        assert.equal(loaded.code, 403);
        assert.match(loaded.json.message, /^imagearchives\.eliot\.run is forbidden: /);
        assert.match(loaded.json.message, why);
        const pulled = await api.post(
          `${group}/imagepulls`,
          pullOf(image.replace('docker.io/library/', '')),
          asDeveloper,
        );
        assert.equal(pulled.code, 403);
        assert.match(pulled.json.message, why);
        assert.equal((await load(image, { as: 'admin' })).code, 201);
      });
    }

    it('are loaded and pulled when it is in use by the like of him only', async () => {
      assert.equal((await load('docker.io/library/web:1')).code, 201);
      assert.equal((await api.post(`${group}/imagepulls`, pullOf('web:1'), asDeveloper)).code, 201);
    });
  });

  it('say why a registry gave none', async () => {
    const kept = transfers.pull;
    transfers.pull = async () => Promise.reject(new StatusError('NotFound', 'failed to pull image "x": not found'));
    const { code, json } = await api.post(`${group}/imagepulls`, pullOf('x'));
    transfers.pull = kept;
    assert.deepEqual([code, json.message], [404, 'failed to pull image "x": not found']);
  });
});
