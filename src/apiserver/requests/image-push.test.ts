import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { LayerUpload, PushRequest } from '../../api/image-push/exchange.ts';
import { StatusError } from '../../lib/status-error.ts';
import { TestApi } from '../../testing/api-server.ts';
import type { ImagePushes } from '../image-pushes.ts';

const group = '/apis/eliot.run/v1alpha1';
const digest = (digit: string): string => `sha256:${digit.repeat(64)}`;
const layer = { diffID: digest('a'), sizeBytes: 10, recipe: digest('b'), recipeBytes: 20 };
const query = (change: Readonly<Record<string, string | number>> = {}): string => {
  const values = Object.entries({ ...layer, image: 'web:1', index: 0, offset: 0, ...change });
  return new URLSearchParams(values.map(([key, value]): [string, string] => [key, String(value)])).toString();
};
const binary = { 'content-type': 'application/octet-stream' };

describe('a push over the API', () => {
  let api: TestApi;
  const asked: PushRequest[] = [];
  const uploads: { readonly upload: LayerUpload; readonly body: string }[] = [];
  const pushes: { -readonly [K in keyof ImagePushes]: ImagePushes[K] } = {
    push: async (request) => {
      asked.push(request);
      return { id: digest('c'), complete: false, layers: [{ diffID: layer.diffID, state: 'Missing' }] };
    },
    takeLayer: async (upload, body) => {
      uploads.push({ upload, body: Buffer.concat(await Array.fromAsync(body)).toString() });
      return { diffID: upload.diffID, state: 'Missing', recipeBytes: 20, missing: 'Aw==' };
    },
  };
  const pushOf = (spec: object): object => ({ apiVersion: 'eliot.run/v1alpha1', kind: 'ImagePush', spec });

  before(async () => {
    api = await TestApi.start({ imagePushes: pushes });
  });
  after(() => api.stop());

  it('is asked for by its full name and told what is missing', async () => {
    const answer = await api.post(
      `${group}/imagepushes`,
      pushOf({ image: 'web:1', configuration: 'e30=', layers: [layer] }),
    );
    assert.equal(answer.code, 201, answer.text);
    assert.deepEqual(answer.json.status, {
      id: digest('c'),
      complete: false,
      layers: [{ diffID: layer.diffID, state: 'Missing' }],
    });
    assert.deepEqual(asked.at(-1), { image: 'docker.io/library/web:1', configuration: 'e30=', layers: [layer] });
  });

  for (const [what, spec, message] of [
    ['without a configuration', { image: 'web:1' }, /spec.configuration: Required value/],
    ['with a name that is none', { image: 'Web:1', configuration: 'e30=' }, /must be lowercase/],
    ['with a digest as name', { image: `web@${digest('a')}`, configuration: 'e30=' }, /give it a tag/],
    [
      'with a layer that leads elsewhere',
      { image: 'web:1', configuration: 'e30=', layers: [{ ...layer, diffID: 'sha256:../../etc' }] },
      /there is no layer sha256:..\/..\/etc/,
    ],
    [
      'with a layer of no size',
      { image: 'web:1', configuration: 'e30=', layers: [{ ...layer, sizeBytes: -1 }] },
      /of -1 bytes/,
    ],
    [
      'with a recipe larger than any',
      { image: 'web:1', configuration: 'e30=', layers: [{ ...layer, recipeBytes: 2 ** 40 }] },
      /by a recipe/,
    ],
  ] as const) {
    it(`${what} is invalid`, async () => {
      const before = asked.length;
      const { code, json } = await api.post(`${group}/imagepushes`, pushOf(spec));
      assert.equal(code, 422, JSON.stringify(json));
      assert.match(json.message, message);
      assert.equal(asked.length, before);
    });
  }

  it('cannot be a dry run', async () => {
    const body = pushOf({ image: 'web:1', configuration: 'e30=' });
    assert.equal((await api.post(`${group}/imagepushes?dryRun=All`, body)).code, 400);
    const sent = await api.send('POST', `${group}/imagelayers?${query()}&dryRun=All`, { body: 'x', headers: binary });
    assert.equal(sent.code, 400);
  });

  it('hands the body of a layer over as it is', async () => {
    const { code, json } = await api.send('POST', `${group}/imagelayers?${query({ index: 3, offset: 5 })}`, {
      body: 'frames',
      headers: binary,
    });
    assert.equal(code, 201);
    assert.deepEqual(json.status, { diffID: layer.diffID, state: 'Missing', recipeBytes: 20, missing: 'Aw==' });
    assert.deepEqual(uploads.at(-1), {
      upload: { ...layer, image: 'docker.io/library/web:1', index: 3, offset: 5 },
      body: 'frames',
    });
  });

  for (const [what, change, code] of [
    ['a path for a digest', { diffID: '../../../etc/passwd' }, 422],
    ['a recipe that is no digest', { recipe: 'sha256:zz' }, 422],
    ['no size', { sizeBytes: 0 }, 422],
    ['a size that is no number', { sizeBytes: 'big' }, 400],
    ['a place behind the recipe', { offset: 21 }, 422],
    ['a place before it', { offset: -1 }, 422],
    ['a layer behind the last', { index: 1001 }, 422],
    ['no name', { image: '' }, 422],
  ] as const) {
    it(`refuses a layer with ${what}`, async () => {
      const before = uploads.length;
      const sent = await api.send('POST', `${group}/imagelayers?${query(change)}`, { body: 'x', headers: binary });
      assert.equal(sent.code, code, sent.text);
      assert.equal(uploads.length, before);
    });
  }

  it('gets its answer although nobody has read the body to its end', async () => {
    const kept = pushes.takeLayer;
    pushes.takeLayer = async (_upload, body) => {
      for await (const _piece of body) break;
      throw new StatusError('BadRequest', 'chunk 1 is not what its digest says');
    };
    const large = Buffer.alloc(3_000_000);
    const { code, json } = await api.send('POST', `${group}/imagelayers?${query()}`, { body: large, headers: binary });
    pushes.takeLayer = kept;
    assert.deepEqual([code, json.message], [400, 'chunk 1 is not what its digest says']);
  });

  it('wants a layer as bytes', async () => {
    const sent = await api.send('POST', `${group}/imagelayers?${query()}`, {
      body: '{}',
      headers: { 'content-type': 'application/json' },
    });
    assert.equal(sent.code, 415);
  });

  it('is nothing for those who may only look', async () => {
    const body = pushOf({ image: 'web:1', configuration: 'e30=' });
    assert.equal((await api.post(`${group}/imagepushes`, body, { as: 'viewer' })).code, 403);
    const sent = await api.send('POST', `${group}/imagelayers?${query()}`, {
      as: 'viewer',
      body: 'x',
      headers: binary,
    });
    assert.equal(sent.code, 403);
  });

  it('tells a full disk by a status of its own', async () => {
    const kept = pushes.push;
    pushes.push = async () => Promise.reject(new StatusError('InsufficientStorage', '3MB are missing'));
    const { code, json } = await api.post(`${group}/imagepushes`, pushOf({ image: 'web:1', configuration: 'e30=' }));
    pushes.push = kept;
    assert.deepEqual([code, json.reason, json.message], [507, 'InsufficientStorage', '3MB are missing']);
  });
});
