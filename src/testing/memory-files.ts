/** A few files in memory, for what `eli` keeps. */
import type { FileAccess } from '../cli/io.ts';

export interface MemoryFiles extends Pick<FileAccess, 'sizeOf' | 'readFile' | 'writeFile'> {
  /** How often something was written. */
  readonly writes: number;
  modeOf(path: string): number | undefined;
}

export function memoryFiles(): MemoryFiles {
  const files = new Map<string, { readonly content: Buffer; readonly mode: number }>();
  let writes = 0;
  const read = (path: string): Buffer => {
    const file = files.get(path);
    if (file === undefined) throw Object.assign(new Error(`no such file: ${path}`), { code: 'ENOENT' });
    return file.content;
  };
  return {
    get writes() {
      return writes;
    },
    modeOf: (path) => files.get(path)?.mode,
    sizeOf: async (path) => read(path).length,
    readFile: async (path) => read(path),
    writeFile: async (path, content, mode) => {
      writes += 1;
      const chunks: Uint8Array[] = [];
      if (typeof content === 'string') chunks.push(Buffer.from(content));
      else if (content instanceof Uint8Array) chunks.push(content);
      else for await (const chunk of content) chunks.push(chunk);
      files.set(path, { content: Buffer.concat(chunks), mode });
    },
  };
}
