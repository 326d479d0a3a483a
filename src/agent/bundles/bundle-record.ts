/**
 * What the device keeps of a bundle beside its images: the manifests, in a file of its own for each version. It is written before
 * the images get their names and before the Bundle says that the version is wanted, so that whatever interrupts this leaves files
 * and images that nothing refers to, which are swept away, and never the other way round.
 */
import { join } from 'node:path';
import * as v from 'valibot';
import { StatusError } from '../../lib/status-error.ts';

const recordSchema = v.object({
  name: v.string(),
  version: v.string(),
  digest: v.pipe(v.string(), v.regex(/^sha256:[0-9a-f]{64}$/)),
  bakeSeconds: v.number(),
  /** Full names. */
  images: v.array(v.string()),
  /** A `v1 List` as JSON. */
  manifests: v.string(),
});

export type BundleRecord = v.InferOutput<typeof recordSchema>;

/** @param digest `sha256:…` */
export function recordPath(directory: string, name: string, digest: string): string {
  return join(directory, name, `${digest.replace('sha256:', '')}.json`);
}

/** @throws StatusError `Invalid` when it is none, or of another bundle */
export function parseRecord(data: Buffer, name: string, digest: string): BundleRecord {
  let value: unknown;
  try {
    value = JSON.parse(data.toString('utf8'));
  } catch (cause) {
    throw new StatusError('Invalid', `the record of bundle ${name} is damaged; apply the bundle again`, { cause });
  }
  const result = v.safeParse(recordSchema, value);
  if (result.success && result.output.digest === digest && result.output.name === name) return result.output;
  throw new StatusError('Invalid', `the record of bundle ${name} is damaged; apply the bundle again`);
}
