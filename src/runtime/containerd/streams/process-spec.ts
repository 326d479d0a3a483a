import type { Any } from '../../../gen/containerd/types.ts';
import { StatusError } from '../../../lib/status-error.ts';
import type { ContainerId } from '../../runtime.ts';
import { containerService } from '../methods.ts';
import type { StreamDeps } from '../stream-deps.ts';

/** The terminal that a command gets. */
export interface Terminal {
  /** Its size from the first moment on, when the client has said it. */
  readonly size: { readonly width: number; readonly height: number } | undefined;
}

/** Type of the message that carries an OCI process as JSON. */
const processType = 'types.containerd.io/opencontainers/runtime-spec/1/Process';

/** The fields of an OCI process that an exec changes; all others stay as the container has them. */
interface OciProcess {
  readonly env?: readonly string[];
  readonly [field: string]: unknown;
}

/**
 * What to run: the container's own process (user, groups, capabilities, working directory, environment, limits,
 * no_new_privs, AppArmor) with another command.
 *
 * @throws StatusError NotFound when there is no such container
 */
export async function processSpec(
  deps: Pick<StreamDeps, 'grpc'>,
  container: ContainerId,
  command: readonly string[],
  terminal: Terminal | undefined,
  signal: AbortSignal,
): Promise<Any> {
  const answer = await deps.grpc.unary(containerService.get, { id: container }, { signal, timeoutMs: 20_000 });
  const spec: { readonly process?: OciProcess } = JSON.parse(answer.container?.spec?.value.toString() || '{}');
  if (!spec.process) throw new StatusError('InternalError', `container ${container} has no process in its spec`);
  return { typeUrl: processType, value: Buffer.from(JSON.stringify(withCommand(spec.process, command, terminal))) };
}

/** The same process with another command. A terminal gets `TERM=xterm`, as containerd's CRI gives it. */
export function withCommand(
  process: OciProcess,
  command: readonly string[],
  terminal: Terminal | undefined,
): OciProcess {
  const { consoleSize: _itsOwnTerminal, ...rest } = process;
  const env = process.env ?? [];
  if (!terminal) return { ...rest, args: command, terminal: false, env };
  const consoleSize = terminal.size ? { consoleSize: terminal.size } : {};
  return { ...rest, ...consoleSize, args: command, terminal: true, env: [...env, 'TERM=xterm'] };
}
