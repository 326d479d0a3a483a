import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isStatusError } from '../../lib/status-error.ts';
import { acceptsGzip } from './answer.ts';
import { negotiateForm } from './answer-form.ts';
import { parseAccept, parseMediaType } from './media-type.ts';

describe('a media type', () => {
  it('has parameters in any order, with or without quotes', () => {
    const { type, parameters } = parseMediaType('Application/JSON; v=v2 ;g="apidiscovery.k8s.io";as=List');
    assert.equal(type, 'application/json');
    assert.deepEqual(Object.fromEntries(parameters), { v: 'v2', g: 'apidiscovery.k8s.io', as: 'List' });
  });

  it('is preferred by its quality, else by its place', () => {
    const types = parseAccept('text/html, application/xml;q=0.9, */*;q=0.8, image/webp, a/b;q=0').map(
      ({ type }) => type,
    );
    assert.deepEqual(types, ['text/html', 'image/webp', 'application/xml', '*/*']);
  });

  it('is anything when the client does not say', () => {
    assert.deepEqual(parseAccept(undefined)[0]?.type, '*/*');
    assert.deepEqual(parseAccept(' ')[0]?.type, '*/*');
  });
});

describe('the form of an answer', () => {
  const v1 = 'v=v1;g=meta.k8s.io';
  for (const { accept, form } of [
    { accept: undefined, form: 'object' },
    { accept: '*/*', form: 'object' },
    { accept: 'application/*', form: 'object' },
    { accept: 'application/vnd.kubernetes.protobuf,application/json', form: 'object' },
    { accept: `application/json;as=Table;${v1},application/json`, form: 'table' },
    { accept: `application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json;as=Table;${v1}`, form: 'table' },
    { accept: 'application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json', form: 'object' },
    { accept: `application/json;as=PartialObjectMetadata;${v1}`, form: 'metadata' },
    { accept: `application/json;as=PartialObjectMetadataList;${v1}`, form: 'metadata' },
    { accept: `application/json;as=constructor;${v1},application/json`, form: 'object' },
  ] as const) {
    it(`is ${form} for ${accept}`, () => assert.equal(negotiateForm(accept), form));
  }

  it('is refused when nothing acceptable can be made', () => {
    for (const accept of ['text/html', 'application/json;as=Table;v=v1beta1;g=meta.k8s.io']) {
      assert.throws(
        () => negotiateForm(accept),
        (error) => isStatusError(error, 'NotAcceptable'),
      );
    }
  });
});

describe('gzip', () => {
  for (const { header, accepts } of [
    { header: 'gzip', accepts: true },
    { header: 'deflate, gzip;q=0.5', accepts: true },
    { header: 'br,gzip , x', accepts: true },
    { header: 'gzip;q=0', accepts: false },
    { header: 'identity', accepts: false },
    { header: 'x-gzip-like', accepts: false },
    { header: undefined, accepts: false },
  ]) {
    it(`is ${accepts ? '' : 'not '}taken by ${header}`, () => assert.equal(acceptsGzip(header), accepts));
  }
});
