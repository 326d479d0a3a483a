/** The few OCI and Docker image documents that are read or made (specified by opencontainers/image-spec). */
import * as v from 'valibot';
import type { Compression } from '../lib/decompress.ts';
import { StatusError } from '../lib/status-error.ts';
import { normalizeImageReference } from './image-reference.ts';

export const mediaTypes = {
  ociIndex: 'application/vnd.oci.image.index.v1+json',
  ociManifest: 'application/vnd.oci.image.manifest.v1+json',
  ociConfig: 'application/vnd.oci.image.config.v1+json',
  dockerIndex: 'application/vnd.docker.distribution.manifest.list.v2+json',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
} as const;

/** Whether it names several manifests, as of several architectures. */
export function isIndex(mediaType: string): boolean {
  return mediaType === mediaTypes.ociIndex || mediaType === mediaTypes.dockerIndex;
}

export const layerMediaType: Readonly<Record<Compression, string>> = {
  none: 'application/vnd.oci.image.layer.v1.tar',
  gzip: 'application/vnd.oci.image.layer.v1.tar+gzip',
  zstd: 'application/vnd.oci.image.layer.v1.tar+zstd',
};

const descriptorSchema = v.object({
  mediaType: v.optional(v.string(), ''),
  digest: v.pipe(v.string(), v.regex(/^sha256:[0-9a-f]{64}$/)),
  size: v.pipe(v.number(), v.integer(), v.minValue(0)),
  annotations: v.optional(v.record(v.string(), v.string()), {}),
});

/** Names content: what it is, its digest, its size. */
export type Descriptor = v.InferOutput<typeof descriptorSchema>;

/** How an index names its images: containerd's annotation has the full name, the standard one may have just a tag. */
export const nameAnnotations = {
  containerd: 'io.containerd.image.name',
  standard: 'org.opencontainers.image.ref.name',
} as const;

/** The full name that an index gives an image; undefined when it gives none, or a bare tag. @throws StatusError `Invalid` */
export function nameInIndex({ annotations }: Pick<Descriptor, 'annotations'>): string | undefined {
  const standard = annotations[nameAnnotations.standard];
  const name =
    annotations[nameAnnotations.containerd] ?? (standard !== undefined && /[/:]/.test(standard) ? standard : undefined);
  return name === undefined ? undefined : normalizeImageReference(name);
}

/** Whether an index names all it has in full, so that it says more than a `manifest.json` of `docker save` beside it. */
export function namesInFull(manifests: readonly Pick<Descriptor, 'annotations'>[]): boolean {
  return (
    manifests.length > 0 && manifests.every(({ annotations }) => annotations[nameAnnotations.containerd] !== undefined)
  );
}

/** An OCI index or Docker manifest list; `index.json` of a layout is one. */
export const indexSchema = v.object({ manifests: v.array(descriptorSchema) });

export const manifestSchema = v.object({ config: descriptorSchema, layers: v.array(descriptorSchema) });

export const configSchema = v.object({
  os: v.optional(v.string(), 'linux'),
  architecture: v.optional(v.string(), ''),
});

/** Of an image's configuration: what it is for, and the digests of its layers without their compression. */
export const imageConfigSchema = v.object({
  ...configSchema.entries,
  variant: v.optional(v.string()),
  rootfs: v.optional(v.object({ diff_ids: v.optional(v.array(v.string()), []) }), {}),
});

/** An index or a manifest, when it is not known which: the one has `manifests`, the other a `config`. */
export const indexOrManifestSchema = v.object({
  manifests: v.optional(v.array(descriptorSchema)),
  config: v.optional(descriptorSchema),
  layers: v.optional(v.array(descriptorSchema), []),
});

/** `manifest.json` of `docker save`. */
export const dockerSaveSchema = v.array(
  v.object({
    Config: v.string(),
    RepoTags: v.nullish(v.array(v.string()), []),
    Layers: v.array(v.string()),
  }),
);

/** @throws StatusError `Invalid` naming the document and what is wrong with it */
export function parseDocument<Schema extends v.GenericSchema>(
  schema: Schema,
  name: string,
  data: Uint8Array,
): v.InferOutput<Schema> {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(data).toString('utf8'));
  } catch (cause) {
    throw new StatusError('Invalid', `${name} is not JSON`, { cause });
  }
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  const [issue] = result.issues;
  throw new StatusError('Invalid', `${name}: ${[v.getDotPath(issue), issue.message].filter(Boolean).join(' ')}`);
}

/** containerd's garbage collector follows these labels from a manifest to what it needs. */
export function manifestLabels(config: Descriptor, layers: readonly Descriptor[]): Record<string, string> {
  return {
    'containerd.io/gc.ref.content.config': config.digest,
    ...Object.fromEntries(layers.map((layer, index) => [`containerd.io/gc.ref.content.l.${index}`, layer.digest])),
  };
}

/** As `manifestLabels`, from an index to its manifests. */
export function indexLabels(manifests: readonly Descriptor[]): Record<string, string> {
  return Object.fromEntries(
    manifests.map((manifest, index) => [`containerd.io/gc.ref.content.m.${index}`, manifest.digest]),
  );
}
