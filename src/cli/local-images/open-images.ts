/** Finds what a person means by an image: an archive, a layout, stdin, or a name that docker or podman knows. */
import { normalizeImageReference } from '../../api/image-reference.ts';
import type { CliIo } from '../io.ts';
import { temporaryPath } from '../temporary-path.ts';
import { UsageError } from '../usage-error.ts';
import { type ArchiveFiles, keepArchive, openArchive } from './archive-files.ts';
import { BlobStage } from './blob-stage.ts';
import { type Engine, findEngine, saveFromEngine } from './engine.ts';
import type { LocalImage, LocalImages } from './local-image.ts';
import { readImages } from './read-images.ts';

export interface OpenOptions {
  /** Whose images they are; undefined: whichever has it. */
  readonly engine?: Engine | undefined;
  /** Told what is done, for somebody who waits, and how many bytes of it. */
  readonly onProgress?: (text: string, doneBytes: number) => void;
}

/**
 * @param meant path of an archive or a layout, `-` for an archive on stdin, or an image's name
 * @throws UsageError when there is nothing of that name, or it is no image
 */
export async function openImages(
  meant: string,
  io: Pick<CliIo, 'files' | 'env' | 'stdin' | 'readProgram'>,
  signal: AbortSignal,
  { engine, onProgress = () => {} }: OpenOptions = {},
): Promise<LocalImages> {
  // Layers are read more than once: what comes as a stream is kept for as long as it is used.
  const stage = new BlobStage(io.files, temporaryPath(io, 'eli-image-*'));
  const reading = (what: string) => (doneBytes: number) => {
    signal.throwIfAborted();
    onProgress(`Reading ${what}`, doneBytes);
  };
  const keep = (stream: AsyncIterable<Uint8Array>, what: string): Promise<ArchiveFiles> =>
    keepArchive(stream, what, stage, reading(what));
  const open = async (): Promise<Omit<LocalImages, 'close'>> => {
    if (meant === '-') return { source: 'stdin', images: await readImages(await keep(io.stdin, 'stdin')) };
    const files = engine === undefined ? await openArchive(meant, io.files, stage, reading(meant)) : undefined;
    if (files !== undefined) return { source: meant, images: await readImages(files) };
    const name = normalizeImageReference(meant);
    const having = engine ?? (await findEngine(meant, io, signal)) ?? nobodyHas(meant);
    const images = await readImages(await keep(saveFromEngine(having, meant, io, signal), `${having} save ${meant}`));
    // What somebody typed is what it is called: podman would say localhost/ before it.
    return { source: having, images: images.map((image): LocalImage => ({ ...image, names: [name] })) };
  };
  try {
    return { ...(await open()), close: () => stage.close() };
  } catch (error) {
    await stage.close();
    throw error;
  }
}

function nobodyHas(meant: string): never {
  throw new UsageError(
    `no image "${meant}" here: there is no such file, and neither docker nor podman has it`,
    '"docker images" shows what there is; an archive or an OCI layout is named by its path',
  );
}
