/** What a project is made of, and how it is run while it is developed. */
import type { PortPair } from './port-pair.ts';

/** What the files of a directory say of it; flags and `.eliot.yml` are above it. */
export interface DetectedProject {
  readonly kind: 'node' | 'go' | 'python' | 'rust' | 'dockerfile' | 'compose';
  /** The file that says so. */
  readonly because: string;
  readonly image: string;
  /** Where the files of the project lie in the container. */
  readonly workdir: string;
  /** Empty: what the image runs. Undefined: nobody can tell what is to be run. */
  readonly command: readonly string[] | undefined;
  /** `NAME=VALUE`. */
  readonly env: readonly string[];
  readonly ports: readonly PortPair[];
}

/** Where files lie when nobody says where, as with the first Eliot. */
export const usualWorkdir = '/volume';

/** What is worth keeping from one start of the program to the next: packages, and what was compiled. */
export const cacheDirectory = '/var/cache/eliot-up';

/**
 * Installs what a file names unless that was done before, then becomes the program.
 *
 * @param file path of the file that names it, from the working directory
 * @param mark path of a copy of it as it was when it was installed
 * @param install a shell's words
 * @param program a shell's words
 */
export function afterInstall(file: string, mark: string, install: string, program: string): readonly string[] {
  const isDone = `cmp -s ${file} ${mark}`;
  return ['sh', '-c', `${isDone} || { ${install} && cp ${file} ${mark}; } && exec ${program}`];
}
