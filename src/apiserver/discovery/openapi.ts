/**
 * OpenAPI documents. Version 3 is what clients validate and explain with; it is made from the field tables when Eliot
 * is built. Version 2 is asked for by old clients as a probe: an empty document does.
 */
import type { Readable } from 'node:stream';

/** One document of a group and version. */
export interface OpenApiDocument {
  /** Changes with the text. */
  readonly hash: string;
  /** Size as gzip. */
  readonly bytes: number;
}

/** The documents of version 3. */
export interface OpenApiDocuments {
  /** By path: `api/v1`, `apis/apps/v1`. */
  index(): Promise<Readonly<Record<string, OpenApiDocument>>>;
  /** The document at a path of the index, as gzip. */
  open(path: string): Promise<Readable>;
}

/** `swagger: 2.0`, a title and a version, no paths, no definitions, as a gnostic protobuf message. */
export const openApiV2 = Buffer.from('0a03322e30120c0a076465766963656412013142004a00', 'hex');

export const openApiV2ContentType = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';

/** The index at `/openapi/v3`: where each document is, with its hash, so that clients may keep it. */
export async function openApiIndex(documents: OpenApiDocuments): Promise<unknown> {
  const index = await documents.index();
  const paths = Object.keys(index).map((path): [string, unknown] => {
    return [path, { serverRelativeURL: `/openapi/v3/${path}?hash=${index[path]?.hash}` }];
  });
  return { paths: Object.fromEntries(paths) };
}

/** The document at `/openapi/v3/PATH`; undefined when there is none. */
export async function findOpenApi(documents: OpenApiDocuments, path: string): Promise<OpenApiDocument | undefined> {
  const index = await documents.index();
  return Object.hasOwn(index, path) ? index[path] : undefined;
}
