/** Opens texts in the person's editor. */
import type { CliIo } from '../io.ts';
import { temporaryPath } from '../temporary-path.ts';
import { UsageError } from '../usage-error.ts';

/** As kubectl on Linux. */
const defaultEditor = 'vi';

/** The editor's command line: KUBE_EDITOR, else EDITOR; with quotes in it a shell takes it apart. */
export function editorCommand(env: CliIo['env']): readonly string[] {
  const editor = env['KUBE_EDITOR'] || env['EDITOR'] || defaultEditor;
  if (!/["'\\]/.test(editor)) return editor.split(' ').filter((word) => word !== '');
  return [env['SHELL'] || '/bin/sh', '-c', `${editor} "$1"`, 'editor'];
}

export interface EditedFile {
  /** It stays until it is removed. */
  readonly path: string;
  readonly text: string;
}

/**
 * Writes `text` into a new file that only this person can read, and gives it back as it was saved.
 *
 * @param extension with its dot
 * @throws UsageError when the editor cannot be started or ends with a failure; the file is removed
 */
export async function openInEditor(text: string, extension: string, io: CliIo): Promise<EditedFile> {
  const path = temporaryPath(io, `eli-edit-*${extension}`);
  const command = editorCommand(io.env);
  // A link that somebody else has put there is a failure, not the file to write to.
  await io.files.createFile(path);
  try {
    await io.files.writeFile(path, text, 0o600);
    const exitCode = await run([...command, path], io);
    if (exitCode !== 0) {
      throw new UsageError(
        `there was a problem with the editor ${JSON.stringify(command.join(' '))}`,
        'KUBE_EDITOR or EDITOR names another one',
      );
    }
    return { path, text: (await io.files.readFile(path)).toString('utf8') };
  } catch (error) {
    await io.files.removeFile(path);
    throw error;
  }
}

async function run(command: readonly string[], io: CliIo): Promise<number> {
  try {
    return await io.runProgram(command);
  } catch (cause) {
    const editor = JSON.stringify(command.slice(0, -1).join(' '));
    throw new UsageError(`unable to launch the editor ${editor}`, 'KUBE_EDITOR or EDITOR names another one', { cause });
  }
}
