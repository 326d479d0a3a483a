/**
 * A container whose program begins only when somebody is attached (docs/adr/0038). Its first process is a program of ours
 * (assets/hold), mounted into the container, that waits for one byte of stdin and then becomes the program of the container.
 */
import { join, posix } from 'node:path';
import type { ContainerConfig } from '../../runtime.ts';
import { nativeArchitecture } from '../native-architecture.ts';

/** What the kernel calls a process that waits: the last part of its path. */
export const holdName = 'eliot-hold';

/**
 * Where the program may be seen in the container: in `/dev`, which is no part of any image, or else beside it. The runtime makes
 * a file there to mount it on, which must not be left in a volume, least of all in the device's own `/dev`.
 */
const holdPaths: readonly string[] = [`/dev/${holdName}`, `/${holdName}`];

/** Whether a container with these arguments began behind the program. */
export function isHeldProgram(args: readonly string[] = []): boolean {
  return holdPaths.includes(args[0] ?? '');
}

/** What an image runs when the container does not say. */
export interface ImageProgram {
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
}

/**
 * @param assets the package's `assets` directory
 * @throws StatusError `NotFound` on a processor it was not built for
 */
export function holdProgramIn(assets: string): string {
  return join(assets, 'hold', `hold-${nativeArchitecture()}`);
}

/**
 * The container with its program behind ours. One that says nothing to run, neither itself nor its image, stays as it is:
 * the runtime has words for it. One whose volumes leave no place for our program stays so too, and begins at once.
 *
 * @param holdProgram path on the machine
 */
export function heldContainer(config: ContainerConfig, image: ImageProgram, holdProgram: string): ContainerConfig {
  const args = programOf(config, image);
  const holdPath = holdPaths.find((path) => !config.mounts.some(({ containerPath }) => covers(containerPath, path)));
  if (args.length === 0 || holdPath === undefined) return config;
  const mount = { containerPath: holdPath, hostPath: holdProgram, readonly: true, propagation: 'None' } as const;
  return { ...config, command: [holdPath], args, mounts: [...config.mounts, mount] };
}

/** Whether what is at `path` would be in the volume that is mounted at `mountPath`. */
function covers(mountPath: string, path: string): boolean {
  const root = posix.resolve('/', mountPath);
  return path === root || path.startsWith(root === '/' ? root : `${root}/`);
}

/** As CRI puts it together: a command drops both parts of the image, arguments drop its `Cmd`. */
function programOf({ command, args }: ContainerConfig, { entrypoint, cmd }: ImageProgram): readonly string[] {
  if (command.length > 0) return [...command, ...args];
  return [...entrypoint, ...(args.length > 0 ? args : cmd)];
}

/** The program of an image in the `info` of CRI's ImageStatus; nothing when it says none. */
export function imageProgramIn(info: string | undefined): ImageProgram {
  interface Config {
    readonly Entrypoint?: readonly string[] | null;
    readonly Cmd?: readonly string[] | null;
  }
  const { imageSpec }: { readonly imageSpec?: { readonly config?: Config } } = JSON.parse(info ?? '{}');
  return { entrypoint: imageSpec?.config?.Entrypoint ?? [], cmd: imageSpec?.config?.Cmd ?? [] };
}
