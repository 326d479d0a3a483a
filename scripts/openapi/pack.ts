/** The OpenAPI documents of everything that is served, as eliotd hands them out: compressed, with an index. */
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { constants, gzipSync } from 'node:zlib';
import { foreignSubresources } from '../../src/api/foreign-subresources.ts';
import { apiVersionOf, kinds } from '../../src/api/scheme.ts';
import { openApiDocument } from './document.ts';

export interface PackedDocument {
  /** As in the URL: `api/v1`, `apis/apps/v1`. */
  readonly path: string;
  /** Of the JSON text. */
  readonly hash: string;
  readonly gzip: Buffer;
}

/** One document for each group and version, core first. */
export function packDocuments(): readonly PackedDocument[] {
  return [...Map.groupBy(kinds, apiVersionOf)].map(([apiVersion, members]) => {
    const foreign = foreignSubresources.filter((each) => apiVersionOf(each) === apiVersion);
    const text = JSON.stringify(openApiDocument(members, foreign));
    return {
      path: apiVersion.includes('/') ? `apis/${apiVersion}` : `api/${apiVersion}`,
      hash: createHash('sha512').update(text).digest('hex').toUpperCase(),
      gzip: gzipSync(text, { level: constants.Z_BEST_COMPRESSION }),
    };
  });
}

/** Writes them where `PackedDocuments` of `src/host` reads them. */
export async function writeDocuments(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  const documents = packDocuments();
  const index = Object.fromEntries(documents.map(({ path, hash, gzip }) => [path, { hash, bytes: gzip.length }]));
  await writeFile(`${directory}/index.json`, `${JSON.stringify(index)}\n`);
  for (const { path, gzip } of documents) await writeFile(`${directory}/${path.replaceAll('/', '_')}.json.gz`, gzip);
}
