/**
 * The first document of a bundle, its `index.json`: an OCI image index that names every image, and one artifact more, which holds
 * the manifests. What a bundle is called, and how it is applied, stands in annotations, so that the digest of this one document
 * stands for all there is (docs/adr/0047).
 */
import * as v from 'valibot';
import { StatusError } from '../../lib/status-error.ts';
import { normalizeImageReference } from '../image-reference.ts';
import { type Descriptor, isIndex, mediaTypes, nameAnnotations, parseDocument } from '../oci-documents.ts';
import { isVersion } from './compare-versions.ts';

/** What the parts of a bundle are, in OCI's words. */
export const bundleTypes = {
  /** Of the artifact, and of the whole index. */
  artifact: 'application/vnd.eliot.bundle.v1',
  /** A `v1 List` of the objects. */
  manifests: 'application/vnd.eliot.bundle.manifests.v1+json',
  /** OCI's configuration of an artifact that needs none: `{}`. */
  emptyConfig: 'application/vnd.oci.empty.v1+json',
} as const;

/** Annotations of the index. */
const bundleAnnotations = {
  name: 'run.eliot.bundle.name',
  version: 'run.eliot.bundle.version',
  progressDeadlineSeconds: 'run.eliot.bundle.progress-deadline-seconds',
  bakeSeconds: 'run.eliot.bundle.bake-seconds',
  /** With `.` and an architecture: bytes of all its layers, unpacked. */
  unpackedBytes: 'run.eliot.bundle.unpacked-bytes',
} as const;

/** Names of the files before the blobs, in their order; the last one is only in a signed bundle. */
export const bundleFiles = { layout: 'oci-layout', index: 'index.json', signature: 'signature.json' } as const;

/** A bundle becomes a source of this many letters more; a label holds 63. */
const maxNameLength = 50;
/** As a Deployment's, when it says nothing. */
export const defaultProgressDeadlineSeconds = 600;
/** A program that ends at once is seen to do so. */
export const defaultBakeSeconds = 5;
const maxProgressDeadlineSeconds = 7 * 24 * 3600;

/** An image as the index names it. */
export interface NamedImage {
  /** Full name, with the tag by which people know it. */
  readonly name: string;
  /** An OCI index of the architectures. */
  readonly descriptor: Descriptor;
}

/** What the index says. */
export interface BundleIndex {
  /** A DNS label. */
  readonly name: string;
  readonly version: string;
  /** Seconds within which everything must be ready; else the version before comes back. */
  readonly progressDeadlineSeconds: number;
  /** Seconds for which everything must stay ready, before the version counts as one that works. */
  readonly bakeSeconds: number;
  /** The artifact that holds the manifests. */
  readonly artifact: Descriptor;
  readonly images: readonly NamedImage[];
  /** Architectures of every image, in OCI's words, with the bytes of all layers unpacked. */
  readonly unpackedBytes: ReadonlyMap<string, number>;
}

const envelope = v.object({
  artifactType: v.literal(bundleTypes.artifact),
  annotations: v.record(v.string(), v.string()),
});
const manifestList = v.object({
  manifests: v.array(
    v.object({
      mediaType: v.string(),
      digest: v.pipe(v.string(), v.regex(/^sha256:[0-9a-f]{64}$/)),
      size: v.pipe(v.number(), v.integer(), v.minValue(0)),
      artifactType: v.optional(v.string()),
      annotations: v.optional(v.record(v.string(), v.string()), {}),
    }),
  ),
});

/** Whether a bundle can be called so. */
export function isBundleName(name: string): boolean {
  return name.length <= maxNameLength && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(name);
}

/** The bytes of `index.json`; the same for the same content. */
export function writeBundleIndex(index: BundleIndex): Buffer {
  const annotations: Record<string, string> = {
    [bundleAnnotations.name]: index.name,
    [bundleAnnotations.version]: index.version,
    [bundleAnnotations.progressDeadlineSeconds]: String(index.progressDeadlineSeconds),
    [bundleAnnotations.bakeSeconds]: String(index.bakeSeconds),
  };
  for (const [architecture, bytes] of [...index.unpackedBytes].sort()) {
    annotations[`${bundleAnnotations.unpackedBytes}.${architecture}`] = String(bytes);
  }
  const { mediaType, digest, size } = index.artifact;
  const document = {
    schemaVersion: 2,
    mediaType: mediaTypes.ociIndex,
    artifactType: bundleTypes.artifact,
    manifests: [
      ...index.images.map(({ name, descriptor }) => ({
        mediaType: descriptor.mediaType,
        digest: descriptor.digest,
        size: descriptor.size,
        // containerd takes the first, everybody else the second.
        annotations: { [nameAnnotations.containerd]: name, [nameAnnotations.standard]: name },
      })),
      { mediaType, digest, size, artifactType: bundleTypes.artifact },
    ],
    annotations,
  };
  return Buffer.from(`${JSON.stringify(document, null, 2)}\n`);
}

/** @throws StatusError `Invalid` when it is no index of a bundle */
export function parseBundleIndex(data: Uint8Array): BundleIndex {
  const fail = (why: string): StatusError => new StatusError('Invalid', `the bundle is not valid: ${why}`);
  const isBundle = v.safeParse(envelope, parseDocument(v.unknown(), bundleFiles.index, data));
  if (!isBundle.success) throw fail(`its ${bundleFiles.index} is not of a bundle; make one with "eli bundle create"`);
  const { annotations } = isBundle.output;
  const { manifests } = parseDocument(manifestList, bundleFiles.index, data);
  const name = annotations[bundleAnnotations.name] ?? '';
  if (!isBundleName(name)) throw fail(`its name "${name}" is not made of lower case letters, digits and "-"`);
  const version = annotations[bundleAnnotations.version] ?? '';
  if (!isVersion(version)) throw fail(`its version "${version}" is none`);
  const deadline = Number(annotations[bundleAnnotations.progressDeadlineSeconds] ?? defaultProgressDeadlineSeconds);
  if (!isProgressDeadline(deadline)) throw fail('its progress deadline is no number of seconds');
  const bakeSeconds = Number(annotations[bundleAnnotations.bakeSeconds] ?? defaultBakeSeconds);
  if (!isBakeTime(bakeSeconds)) throw fail('its bake time is no number of seconds');
  const artifacts = manifests.filter(({ artifactType }) => artifactType === bundleTypes.artifact);
  const [artifact] = artifacts;
  if (artifact === undefined || artifacts.length > 1) throw fail('it must hold exactly one artifact with manifests');
  const images = manifests.filter(({ artifactType }) => artifactType === undefined);
  return {
    name,
    version,
    progressDeadlineSeconds: deadline,
    bakeSeconds,
    artifact,
    images: images.map((descriptor) => {
      const named = descriptor.annotations[nameAnnotations.containerd];
      if (named === undefined) throw fail(`image ${descriptor.digest} has no name`);
      if (!isIndex(descriptor.mediaType)) throw fail(`image ${named} is ${descriptor.mediaType}, not an OCI index`);
      return { name: normalizeImageReference(named), descriptor };
    }),
    unpackedBytes: readUnpackedBytes(annotations),
  };
}

/** Whether so many seconds can be watched for. */
export function isBakeTime(seconds: number): boolean {
  return Number.isInteger(seconds) && seconds >= 0 && seconds <= maxProgressDeadlineSeconds;
}

/** Whether so many seconds can be waited for. */
export function isProgressDeadline(seconds: number): boolean {
  return Number.isInteger(seconds) && seconds >= 1 && seconds <= maxProgressDeadlineSeconds;
}

/** The name by which pods ask for an image of a bundle: what it is, whatever its tag means later. */
export function pinnedReference({ name, descriptor }: NamedImage): string {
  const repository = name.replace(/(@.*|:[^:/]*)$/, '');
  return `${repository}@${descriptor.digest}`;
}

function readUnpackedBytes(annotations: Readonly<Record<string, string>>): ReadonlyMap<string, number> {
  const prefix = `${bundleAnnotations.unpackedBytes}.`;
  return new Map(
    Object.entries(annotations)
      .filter(([key, value]) => key.startsWith(prefix) && /^\d{1,15}$/.test(value))
      .map(([key, value]) => [key.slice(prefix.length), Number(value)]),
  );
}
