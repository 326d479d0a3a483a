/** The OpenAPI documents as the build makes them, without files. */
import { Readable } from 'node:stream';
import { type PackedDocument, packDocuments } from '../../scripts/openapi/pack.ts';
import type { OpenApiDocuments } from '../apiserver/discovery/openapi.ts';

let made: ReadonlyMap<string, PackedDocument> | undefined;

/** Made when they are asked for first: most tests never do. */
function documents(): ReadonlyMap<string, PackedDocument> {
  made ??= new Map(packDocuments().map((document) => [document.path, document]));
  return made;
}

export const builtOpenApi: OpenApiDocuments = {
  index: async () =>
    Object.fromEntries([...documents()].map(([path, { hash, gzip }]) => [path, { hash, bytes: gzip.length }])),
  open: async (path) => Readable.from([documents().get(path)?.gzip ?? Buffer.alloc(0)]),
};
