/** `eli node export`: what people wanted of a device, as manifests for its replacement. */
import type { Image } from '../../api/kinds/image.ts';
import type { KubeObject } from '../../api/meta.ts';
import { images } from '../../api/resources.ts';
import { isStatusError } from '../../lib/status-error.ts';
import type { CommandContext } from '../context.ts';
import { parseOutputFormat } from '../printers/output-format.ts';
import { toJson, toYaml } from '../printers/serialize.ts';
import { apiVersionOf, type ResourceKind } from '../resources/resource-kind.ts';
import { toPortableNode } from '../transfer/portable-node.ts';
import { toPortable, whyItStays } from '../transfer/portable-object.ts';
import { findNode } from './find-node.ts';

export interface NodeExportFlags {
  readonly withSecrets?: boolean;
}

/** Made in this order, so that each finds what it needs. What is not named comes in between, by name. */
const firstKinds = [
  'Namespace',
  'PriorityClass',
  'RuntimeClass',
  'LimitRange',
  'ResourceQuota',
  'ServiceAccount',
  'Secret',
  'ConfigMap',
];
const lastKinds = ['Deployment', 'ReplicaSet', 'Pod'];
/** Observations and heartbeats; the node is handled apart. */
const leftOut: ReadonlySet<string> = new Set(['Node', 'Event', 'Lease', 'Image', 'Bundle']);

interface Exported {
  readonly objects: readonly KubeObject[];
  /** What a person must know who uses them. */
  readonly notes: readonly string[];
}

/** Prints the manifests; what is not in them is said on stderr, and in YAML at the top. */
export async function runNodeExport(flags: NodeExportFlags, context: CommandContext): Promise<number> {
  const format = parseOutputFormat(context.flags.output ?? 'yaml', ['yaml', 'json']);
  const { objects, notes } = await context.terminal.during('reading the device', () => collect(flags, context));
  if (format.kind === 'json') {
    await context.print(toJson({ apiVersion: 'v1', kind: 'List', metadata: {}, items: objects }));
  } else {
    await context.print(notes.map((note) => `# ${note}\n`).join(''));
    for (const object of objects) await context.print(`---\n${await toYaml(object)}`);
  }
  for (const note of notes) context.hint(note);
  return 0;
}

async function collect({ withSecrets = false }: NodeExportFlags, context: CommandContext): Promise<Exported> {
  const { client, resources } = await context.session();
  const node = await findNode(context);
  const portableNode = toPortableNode(node);
  const objects: KubeObject[] = portableNode ? [portableNode] : [];
  const secrets: string[] = [];
  const finished: string[] = [];
  const fromSources: string[] = [];
  for (const kind of inOrder(await resources.all())) {
    const { items } = await client.list<KubeObject>(kind, {}, context.signal);
    for (const item of items) {
      const object = { ...item, apiVersion: apiVersionOf(kind), kind: kind.kind };
      const stays = whyItStays(object);
      const label = labelOf(object);
      if (stays === 'Finished') finished.push(label);
      if (stays === 'Source') fromSources.push(label);
      if (stays !== undefined) continue;
      if (kind.kind === 'Secret' && !withSecrets) secrets.push(label);
      else objects.push(toPortable(object));
    }
  }
  const sideLoaded = await listSideLoaded(context);
  return {
    objects,
    notes: [
      `What was wanted of node "${node.metadata.name}": ${objects.length} objects. "eli node import" makes them on another device.`,
      ...(withSecrets ? ['Secrets are in here for everybody who can read this file.'] : []),
      ...listNote('Secrets are not in here; --with-secrets takes them along', secrets),
      ...listNote('Pods that have finished are not in here', finished),
      ...listNote('Not in here, as a source on the device brings them (its directory of manifests)', fromSources),
      ...listNote(
        'Images that no registry gave; take them along with "eli image save" and "eli image load"',
        sideLoaded,
      ),
      'Data in volumes is not in here.',
    ],
  };
}

function inOrder(kinds: readonly ResourceKind[]): readonly ResourceKind[] {
  const rank = ({ kind }: ResourceKind): number => {
    if (firstKinds.includes(kind)) return firstKinds.indexOf(kind);
    return lastKinds.includes(kind) ? firstKinds.length + 1 + lastKinds.indexOf(kind) : firstKinds.length;
  };
  return kinds
    .filter(({ kind, verbs }) => verbs.includes('list') && verbs.includes('create') && !leftOut.has(kind))
    .sort((one, other) => rank(one) - rank(other) || (one.resource < other.resource ? -1 : 1));
}

/** Names of images that came from archives. */
async function listSideLoaded(context: CommandContext): Promise<readonly string[]> {
  const { client } = await context.session();
  try {
    const { items } = await client.list<Image>(images, {}, context.signal);
    return items.filter(({ status }) => status.sideLoaded).map(({ spec }) => spec.image);
  } catch (error) {
    // Of an older version.
    if (isStatusError(error, 'NotFound')) return [];
    throw error;
  }
}

function listNote(what: string, names: readonly string[]): readonly string[] {
  return names.length === 0 ? [] : [`${what}: ${names.join(', ')}`];
}

function labelOf({ metadata: { namespace, name = '' } }: KubeObject): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}
