import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkDnsSubdomain } from '../names.ts';
import { type Image, imageKind, imageObjectName } from './image.ts';

const digest = 'sha256:'.padEnd(71, 'ab');

describe('the name of an image object', () => {
  for (const { reference, name } of [
    { reference: 'docker.io/library/busybox:1.36', name: /^busybox-1\.36-[0-9a-f]{8}$/ },
    { reference: 'docker.io/acme/Radio:V2_x', name: /^acme-radio-v2-x-[0-9a-f]{8}$/ },
    { reference: '127.0.0.1:5000/app:1', name: /^127\.0\.0\.1-5000-app-1-[0-9a-f]{8}$/ },
    { reference: `ghcr.io/a/b@${digest}`, name: /^ghcr\.io-a-b-abababababab-[0-9a-f]{8}$/ },
    { reference: `r.lan/${'a/'.repeat(120)}b__c.-d:x`, name: /-[0-9a-f]{8}$/ },
  ]) {
    it(`is readable and fit for DNS: ${reference.slice(0, 60)}`, () => {
      assert.match(imageObjectName(reference), name);
      assert.deepEqual(checkDnsSubdomain(imageObjectName(reference)), []);
    });
  }

  it('differs for names that read alike', () => {
    assert.notEqual(imageObjectName('r.lan/a/b:1'), imageObjectName('r.lan/a-b:1'));
  });

  it('must be the one of its image', () => {
    const image = { metadata: { name: 'mine' }, spec: { image: 'docker.io/library/a:1' }, status: {} } as Image;
    assert.match(imageKind.validate(image)[0]?.message ?? '', /must be a-1-[0-9a-f]{8}, which stands for this image/);
  });
});

describe('the image of an image object', () => {
  const fieldsOf = (image: string) => {
    const object = { metadata: { name: imageObjectName(image) }, spec: { image }, status: {} } as Image;
    return imageKind.validate(object).map(({ field }) => field);
  };

  for (const image of ['a b', 'docker.io/library/Busybox:1', 'r.lan/a:', 'r.lan/a@sha256:12', 'r.lan/../a:1']) {
    it(`must be a name of an image, not ${image}`, () => assert.deepEqual(fieldsOf(image), ['spec.image']));
  }

  for (const image of ['docker.io/library/busybox:1.36', '127.0.0.1:5000/app:1', `ghcr.io/a/b@${digest}`, digest]) {
    it(`may be ${image.slice(0, 40)}`, () => assert.deepEqual(fieldsOf(image), []));
  }
});

it('an image object without a name of an image is left to the field table', () => {
  const image = { metadata: { name: 'a' }, spec: {}, status: {} } as unknown as Image;
  assert.deepEqual(imageKind.validate(image), []);
});

describe('the row of an image', () => {
  const rowOf = (status: Image['status']) =>
    imageKind.row(
      {
        apiVersion: 'eliot.run/v1alpha1',
        kind: 'Image',
        metadata: { name: 'a', creationTimestamp: '2026-01-01T00:00:00Z' },
        spec: { image: 'docker.io/library/a:1' },
        status,
      },
      Date.UTC(2026, 0, 2),
    );

  it('shows how far a pull is', () => {
    const layers = [
      { digest: 'sha256:1', sizeBytes: 300, doneBytes: 100 },
      { digest: 'sha256:2', sizeBytes: 100, doneBytes: 100 },
    ];
    assert.deepEqual(rowOf({ state: 'Pulling', layers }), [
      'a',
      'docker.io/library/a:1',
      '',
      '',
      'Pulling 50%',
      '24h',
      false,
      false,
      '<none>',
    ]);
  });

  it('shows what is there', () => {
    const status = { state: 'Present', id: digest, sizeBytes: 26_121_841, sideLoaded: true, synced: true };
    assert.deepEqual(rowOf({ ...status, loadedAt: '2026-01-01T23:00:00Z', usedBy: ['default/web'] }), [
      'a',
      'docker.io/library/a:1',
      'abababababab',
      '26.1MB',
      'Present',
      '60m',
      true,
      true,
      'default/web',
    ]);
  });
});
