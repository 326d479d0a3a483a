/** Looks for the images that a bundle wants: in archives, with docker or podman, or on the device. */
import { shortImageName } from '../../api/image-reference.ts';
import type { CommandContext } from '../context.ts';
import { findImages, listImages } from '../images/image-objects.ts';
import { receiveImage } from '../images/receive-image.ts';
import { type ArchiveFiles, keepArchive, openArchive } from '../local-images/archive-files.ts';
import type { BlobStage } from '../local-images/blob-stage.ts';
import { findEngine, saveFromEngine } from '../local-images/engine.ts';
import type { ArchiveImage } from '../local-images/local-image.ts';
import { readImages } from '../local-images/read-images.ts';
import type { Activity } from '../terminal/activity.ts';
import { UsageError } from '../usage-error.ts';

export interface FoundImage {
  /** Full name. */
  readonly name: string;
  /** One for each architecture. */
  readonly platforms: readonly ArchiveImage[];
}

export interface ImageSources {
  /** Paths of archives and OCI layouts; the first that has an architecture of an image counts. */
  readonly archives: readonly string[];
  /** What no archive has is the device's; else docker's or podman's on this machine. */
  readonly fromDevice: boolean;
}

/**
 * Every wanted image, for as many architectures as there are.
 *
 * @param wanted full names
 * @param stage must be there for as long as the images are read
 * @throws UsageError naming those that nobody has, or the archive that cannot be read
 */
export async function collectImages(
  wanted: readonly string[],
  { archives, fromDevice }: ImageSources,
  stage: BlobStage,
  context: CommandContext,
  activity: Activity,
): Promise<readonly FoundImage[]> {
  const { io, signal } = context;
  const found = new Map<string, ArchiveImage[]>();
  const add = (name: string, image: ArchiveImage): void => {
    const platforms = found.get(name) ?? [];
    // Of two archives of one image the first one counts.
    if (!platforms.some(({ architecture }) => architecture === image.architecture)) platforms.push(image);
    found.set(name, platforms);
  };
  for (const path of archives) {
    signal.throwIfAborted();
    activity.show(`Reading ${path}`);
    const files = await openArchive(path, io.files, stage, bytesOn(activity, `Reading ${path}`, signal));
    if (files === undefined) {
      throw new UsageError(`${path}: no such image archive`, 'make one with "docker save IMAGE > FILE"');
    }
    for (const image of await readLinuxImages(files)) for (const name of image.names) add(name, image);
  }
  for (const name of wanted.filter((each) => !found.has(each))) {
    const files = fromDevice
      ? await keepFromDevice(name, stage, context, activity)
      : await keepFromEngine(name, stage, context, activity);
    // What the manifests call it: podman would say localhost/ before it.
    if (files !== undefined) for (const image of await readLinuxImages(files)) add(name, image);
  }
  const missing = wanted.filter((name) => !found.has(name));
  if (missing.length > 0) {
    throw new UsageError(
      `neither an image archive, docker nor podman has ${missing.join(', ')}`,
      'give an archive with --image-archive FILE, or take the image from the device with --from-device',
    );
  }
  return wanted.map((name) => ({ name, platforms: found.get(name) ?? [] }));
}

async function readLinuxImages(files: ArchiveFiles): Promise<readonly ArchiveImage[]> {
  const images = await readImages(files);
  const other = images.find(({ os }) => os !== 'linux');
  if (other === undefined) return images;
  throw new UsageError(`${files.what}: holds an image for ${other.os}; devices run linux`);
}

/** @throws UsageError when the device does not have it */
async function keepFromDevice(
  name: string,
  stage: BlobStage,
  context: CommandContext,
  activity: Activity,
): Promise<ArchiveFiles> {
  const [image] = findImages(name, await listImages(context));
  const received = receiveImage(image?.metadata.name ?? '', `Receiving ${name}`, activity, context);
  return await keepArchive(received, name, stage);
}

/** Undefined when neither docker nor podman has it. */
async function keepFromEngine(
  name: string,
  stage: BlobStage,
  { io, signal }: CommandContext,
  activity: Activity,
): Promise<ArchiveFiles | undefined> {
  const short = shortImageName(name);
  activity.show(`Asking docker and podman for ${short}`);
  const engine = await findEngine(short, io, signal);
  if (engine === undefined) return undefined;
  const saved = saveFromEngine(engine, short, io, signal);
  return await keepArchive(
    saved,
    `${engine} save ${short}`,
    stage,
    bytesOn(activity, `Reading ${short} from ${engine}`, signal),
  );
}

function bytesOn(activity: Activity, text: string, signal: AbortSignal): (doneBytes: number) => void {
  return (doneBytes) => {
    signal.throwIfAborted();
    activity.showBytes(text, doneBytes);
  };
}
