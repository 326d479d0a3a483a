/** `eli bundle create`: manifests and their images as one file, which is whole or absent. */
import { basename } from 'node:path';
import {
  defaultBakeSeconds,
  defaultProgressDeadlineSeconds,
  isBakeTime,
  isBundleName,
  isProgressDeadline,
} from '../../api/bundle/bundle-index.ts';
import { isVersion } from '../../api/bundle/compare-versions.ts';
import { readPrivateKey } from '../../api/bundle/signature.ts';
import type { KubeObject } from '../../api/meta.ts';
import { findKindByName } from '../../api/scheme.ts';
import { humanSize } from '../../lib/human-size.ts';
import { chooseArchitectures } from '../bundle/choose-architectures.ts';
import { collectImages, type FoundImage } from '../bundle/collect-images.ts';
import { type PackedImage, packImage } from '../bundle/pack-image.ts';
import { LayerPacker } from '../bundle/pack-layer.ts';
import { imagesWanted, pinImages } from '../bundle/pin-images.ts';
import { composeBundle } from '../bundle/write-bundle.ts';
import type { CommandContext } from '../context.ts';
import { BlobStage } from '../local-images/blob-stage.ts';
import { type ManifestFlags, readManifests } from '../manifests/read-manifests.ts';
import type { Activity } from '../terminal/activity.ts';
import { UsageError } from '../usage-error.ts';

export interface BundleCreateFlags extends ManifestFlags {
  /** `NAME[:VERSION]`. */
  readonly tag?: string;
  /** With commas between. */
  readonly arch?: string;
  readonly imageArchive?: readonly string[];
  readonly fromDevice?: boolean;
  /** File of a private key. */
  readonly sign?: string;
  readonly progressDeadline?: string;
  readonly bake?: string;
}

const fileMode = 0o644;
/** What a version is called that nobody named: older than any other. */
const noVersion = '0';

export async function runBundleCreate(flags: BundleCreateFlags, context: CommandContext): Promise<number> {
  const output = outputFile(context);
  const { name, version } = readTag(flags.tag ?? basename(output).replace(/\.[^.]*$/, ''));
  const progressDeadlineSeconds = readSeconds(
    '--progress-deadline',
    flags.progressDeadline,
    defaultProgressDeadlineSeconds,
    isProgressDeadline,
  );
  const bakeSeconds = readSeconds('--bake', flags.bake, defaultBakeSeconds, isBakeTime);
  const key = flags.sign === undefined ? undefined : await readKey(flags.sign, context);
  const manifests = await readManifests(flags, context, 'bundle create');
  const objects = manifests.map(({ object, source }) => checked(object, source));
  refuseTwins(objects);
  const wanted = imagesWanted(objects);
  const sources = { archives: flags.imageArchive ?? [], fromDevice: flags.fromDevice ?? false };
  // Beside the bundle: where that must find room, there is some.
  const stage = new BlobStage(context.io.files, `${output}.parts-${process.pid}`);
  try {
    const bundle = await context.terminal.during('Looking for images', async (activity) => {
      const found = await collectImages(wanted, sources, stage, context, activity);
      const architectures = chooseArchitectures(found, flags.arch);
      const images = await pack(found, architectures, stage, activity, context);
      const digests = new Map(images.map((image) => [image.name, image.descriptor.digest]));
      const pinned = objects.map((object) => pinImages(object, digests));
      const content = {
        name,
        version,
        progressDeadlineSeconds,
        bakeSeconds,
        architectures,
        objects: pinned,
        images,
        key,
      };
      const composed = await composeBundle(content);
      activity.show(`Writing ${output}`);
      await context.io.files.writeFile(output, stopping(composed.read(), context.signal), fileMode);
      return { ...composed, architectures };
    });
    const what = `${name}:${version} for ${bundle.architectures.join(', ') || 'any architecture'}`;
    const size = `${humanSize(bundle.sizeBytes)}, ${count(objects.length, 'object')}, ${count(wanted.length, 'image')}`;
    await context.print(`bundle ${what} written to ${output} (${size})\n${bundle.digest}\n`);
    return 0;
  } finally {
    await stage.close();
  }
}

function outputFile({ flags }: CommandContext): string {
  if (flags.output !== undefined && flags.output !== '-') return flags.output;
  throw new UsageError('must specify the file with -o', 'for example: eli bundle create -f manifests/ -o app.eliot');
}

function readTag(tag: string): { readonly name: string; readonly version: string } {
  const colon = tag.indexOf(':');
  const name = colon < 0 ? tag : tag.slice(0, colon);
  const version = colon < 0 ? noVersion : tag.slice(colon + 1);
  if (!isBundleName(name)) {
    throw new UsageError(
      `"${name}" cannot be the name of a bundle: lower case letters, digits and "-", at most 50`,
      'name it with --tag NAME:VERSION',
    );
  }
  if (!isVersion(version)) {
    throw new UsageError(`"${version}" is no version`, 'a version is like 1.4.2 or 2.0.0-rc.1: --tag NAME:VERSION');
  }
  return { name, version };
}

function readSeconds(
  flag: string,
  text: string | undefined,
  usual: number,
  isPossible: (seconds: number) => boolean,
): number {
  if (text === undefined) return usual;
  if (/^\d+$/.test(text) && isPossible(Number(text))) return Number(text);
  throw new UsageError(`${flag} must be a number of seconds, at most a week, not "${text}"`);
}

async function readKey(path: string, { io }: CommandContext): Promise<ReturnType<typeof readPrivateKey>> {
  if ((await io.files.kindOf(path)) !== 'file') {
    throw new UsageError(`${path}: no such key`, 'make a pair of keys with "eli bundle keygen NAME"');
  }
  try {
    return readPrivateKey((await io.files.readFile(path)).toString('utf8'));
  } catch (cause) {
    throw new UsageError(`${path}: ${cause instanceof Error ? cause.message : String(cause)}`, undefined, { cause });
  }
}

/** What no device would take is said here, where it can be mended; fields are the device's to check. */
function checked(object: KubeObject, source: string): KubeObject {
  const { apiVersion, kind, metadata } = object;
  if (findKindByName(apiVersion, kind) === undefined) {
    throw new UsageError(`${source}: no matches for kind "${kind}" in version "${apiVersion}"`);
  }
  if (!metadata.name) throw new UsageError(`${source}: ${kind} needs metadata.name; generateName has no place here`);
  return object;
}

function refuseTwins(objects: readonly KubeObject[]): void {
  const seen = new Set<string>();
  for (const { apiVersion, kind, metadata } of objects) {
    const what = `${kind} ${[metadata.namespace, metadata.name].filter(Boolean).join('/')}`;
    if (seen.has(`${apiVersion} ${what}`)) throw new UsageError(`${what} stands in the manifests twice`);
    seen.add(`${apiVersion} ${what}`);
  }
}

async function pack(
  found: readonly FoundImage[],
  architectures: readonly string[],
  stage: BlobStage,
  activity: Activity,
  { signal }: CommandContext,
): Promise<readonly PackedImage[]> {
  const packer = new LayerPacker(stage);
  const images: PackedImage[] = [];
  for (const image of found) {
    const platforms = image.platforms.filter(({ architecture }) => architectures.includes(architecture));
    const totalBytes = platforms.flatMap(({ layers }) => layers).reduce((sum, { storedBytes }) => sum + storedBytes, 0);
    let doneBytes = 0;
    const onBytes = (bytes: number): void => {
      signal.throwIfAborted();
      doneBytes += bytes;
      activity.showBytes(`Packing ${image.name}`, doneBytes, totalBytes);
    };
    images.push(await packImage(image, architectures, packer, onBytes));
  }
  return images;
}

async function* stopping(pieces: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) {
    signal.throwIfAborted();
    yield piece;
  }
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
