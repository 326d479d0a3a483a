/** An OCI layout that lies in a directory, as the tar archive that a device takes. Nothing is kept in memory. */
import { Readable } from 'node:stream';
import { createTarPacker } from 'modern-tar';
import type { FileAccess } from './io.ts';
import { UsageError } from './usage-error.ts';

type LayoutFiles = Pick<FileAccess, 'openFile' | 'readDirectory' | 'kindOf' | 'sizeOf'>;

interface LayoutFile {
  readonly name: string;
  readonly sizeBytes: number;
}

export interface LayoutArchive {
  readonly stream: Readable;
  /** About how much will be sent. */
  readonly sizeBytes: number;
}

/** @throws UsageError when the directory is no OCI layout */
export async function packImageLayout(files: LayoutFiles, directory: string): Promise<LayoutArchive> {
  const found = await findFiles(files, directory);
  const { readable, controller } = createTarPacker();
  const add = async ({ name, sizeBytes }: LayoutFile): Promise<void> => {
    const writer = controller.add({ name, size: sizeBytes, type: 'file' }).getWriter();
    for await (const chunk of files.openFile(`${directory}/${name}`)) await writer.write(chunk);
    await writer.close();
  };
  const pack = async (): Promise<void> => {
    try {
      for (const file of found) await add(file);
      controller.finalize();
    } catch (error) {
      controller.error(error instanceof Error ? error : new Error(String(error)));
    }
  };
  const stream = Readable.fromWeb(readable as Parameters<typeof Readable.fromWeb>[0]);
  void pack();
  return { stream, sizeBytes: found.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) };
}

/** The index first, so that what is wrong with it is told before blobs are sent. */
async function findFiles(files: LayoutFiles, directory: string): Promise<LayoutFile[]> {
  const names = ['oci-layout', 'index.json'];
  for (const name of names) {
    if ((await files.kindOf(`${directory}/${name}`)) === 'file') continue;
    throw new UsageError(`${directory}: no OCI layout, as it has no ${name}`, 'give a file made by "docker save"');
  }
  const blobs = `${directory}/blobs`;
  for (const algorithm of (await files.kindOf(blobs)) === 'directory' ? await files.readDirectory(blobs) : []) {
    const digests = await files.readDirectory(`${blobs}/${algorithm}`);
    names.push(...digests.sort().map((digest) => `blobs/${algorithm}/${digest}`));
  }
  return Promise.all(names.map(async (name) => ({ name, sizeBytes: await files.sizeOf(`${directory}/${name}`) })));
}
