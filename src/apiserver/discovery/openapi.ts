/**
 * OpenAPI documents. Version 3 is what clients validate and explain with; it is derived from the field tables at
 * the first request and kept as gzip only. Version 2 is asked for by old clients as a probe: an empty document does.
 */
import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { openApiDocument } from '../../api/schema/openapi.ts';
import { groupVersions } from './group-versions.ts';

interface Document {
  readonly hash: string;
  readonly gzip: Buffer;
}

/** `swagger: 2.0`, a title and a version, no paths, no definitions, as a gnostic protobuf message. */
const openApiV2 = Buffer.from('0a03322e30120c0a076465766963656412013142004a00', 'hex');

export const openApiV2ContentType = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';

/** The documents of all served group-versions, each made once. */
export class OpenApiDocuments {
  readonly #documents = new Map<string, Document>();

  /** The index at `/openapi/v3`: where each document is, with its hash, so that clients may keep it. */
  index(): unknown {
    const paths = groupVersions().map(({ group, name }): [string, unknown] => {
      const path = group === '' ? `api/${name}` : `apis/${name}`;
      return [path, { serverRelativeURL: `/openapi/v3/${path}?hash=${this.find(path)?.hash}` }];
    });
    return { paths: Object.fromEntries(paths) };
  }

  /** The document at `/openapi/v3/PATH`; undefined when there is none. */
  find(path: string): Document | undefined {
    const known = this.#documents.get(path);
    if (known) return known;
    const served = groupVersions().find(({ group, name }) => path === (group === '' ? `api/${name}` : `apis/${name}`));
    if (!served) return undefined;
    const text = JSON.stringify(openApiDocument(served.kinds));
    const document = { hash: createHash('sha512').update(text).digest('hex').toUpperCase(), gzip: gzipSync(text) };
    this.#documents.set(path, document);
    return document;
  }

  /** The empty version 2 document. */
  version2(): Buffer {
    return openApiV2;
  }
}

/** A document for a client that takes no gzip. */
export function unzip(document: Document): Buffer {
  return gunzipSync(document.gzip);
}
