/** `eli bundle inspect`: what is in a bundle, without reading all of it. */
import type { BundleDocuments, BundleImage } from '../../api/bundle/bundle-documents.ts';
import type { SignatureState } from '../../api/bundle/signature.ts';
import { isObject } from '../../api/json-value.ts';
import type { KubeObject } from '../../api/meta.ts';
import { humanSize } from '../../lib/human-size.ts';
import { judge, readBundleDocuments, readTrustedKeys } from '../bundle/open-bundle.ts';
import type { CommandContext } from '../context.ts';
import { parseOutputFormat } from '../printers/output-format.ts';
import { toJson, toYaml } from '../printers/serialize.ts';
import { alignTabs, describeTabs } from '../printers/tab-writer.ts';

export interface BundleInspectFlags {
  /** Files of public keys. */
  readonly key?: readonly string[];
  /** Print the manifests instead. */
  readonly manifests?: boolean;
}

export async function runBundleInspect(
  path: string,
  flags: BundleInspectFlags,
  context: CommandContext,
): Promise<number> {
  const documents = await readBundleDocuments(path, context);
  const signature = judge(path, documents, await readTrustedKeys(flags.key ?? [], context));
  const objects = objectsIn(documents.manifests);
  if (flags.manifests) {
    for (const object of objects) await context.print(`---\n${await toYaml(object)}`);
    return 0;
  }
  const format = parseOutputFormat(context.flags.output, ['table', 'yaml', 'json']);
  const summary = summaryOf(documents, signature, objects);
  if (format.kind === 'table') await context.print(alignTabs(textOf(summary), describeTabs));
  else await context.print(format.kind === 'json' ? toJson(summary) : await toYaml(summary));
  return 0;
}

interface Summary {
  readonly name: string;
  readonly version: string;
  readonly digest: string;
  readonly signature: string;
  readonly progressDeadlineSeconds: number;
  readonly bakeSeconds: number;
  readonly objects: readonly string[];
  readonly images: readonly { readonly name: string; readonly digest: string; readonly architectures: string }[];
}

function summaryOf(documents: BundleDocuments, signature: SignatureState, objects: readonly KubeObject[]): Summary {
  const { index, digest, images } = documents;
  return {
    name: index.name,
    version: index.version,
    digest,
    signature: describeSignature(signature),
    progressDeadlineSeconds: index.progressDeadlineSeconds,
    bakeSeconds: index.bakeSeconds,
    objects: objects.map(({ kind, metadata }) => [kind, metadata.namespace, metadata.name].filter(Boolean).join('/')),
    images: images.map((image) => ({
      name: image.name,
      digest: image.descriptor.digest,
      architectures: architecturesOf(image),
    })),
  };
}

/** For a person: whose it is, and whether he trusts it. */
export function describeSignature(signature: SignatureState): string {
  switch (signature.state) {
    case 'Unsigned':
      return 'not signed';
    case 'Unknown':
      return `by key ${signature.keyId}, which was not checked`;
    case 'Trusted':
      return `by key "${signature.keyName}" (${signature.keyId}), right`;
  }
}

function architecturesOf({ platforms }: BundleImage): string {
  const sizeOf = (layers: readonly { readonly size: number }[]) =>
    humanSize(layers.reduce((sum, { size }) => sum + size, 0));
  return platforms.map(({ architecture, layers }) => `${architecture} (${sizeOf(layers)})`).join(', ');
}

function textOf(summary: Summary): string {
  const { name, version, digest, signature, progressDeadlineSeconds, bakeSeconds, objects, images } = summary;
  const lines = [
    `Name:\t${name}`,
    `Version:\t${version}`,
    `Digest:\t${digest}`,
    `Signature:\t${signature}`,
    `Progress Deadline:\t${progressDeadlineSeconds}s`,
    `Bake Time:\t${bakeSeconds}s`,
    `Objects:\t${objects.join('\n\t')}`,
    `Images:\t${images.map((image) => `${image.name}\t${image.architectures}`).join('\n\t') || '<none>'}`,
  ];
  return `${lines.join('\n')}\n`;
}

/** The items of a list; none of what is no object. */
function objectsIn(manifests: string): readonly KubeObject[] {
  const list: unknown = JSON.parse(manifests);
  const items = isObject(list) && Array.isArray(list['items']) ? list['items'] : [];
  return items.filter((item) => isObject(item) && isObject(item['metadata'])) as readonly KubeObject[];
}
