/**
 * Runs one lifecycle hook of a container, as the kubelet does (lifecycle handlers): a command, an HTTP request whose
 * answer does not matter, or a pause.
 */
import type { Container, LifecycleHandler, Pod } from '../../api/kinds/pod/types.ts';
import type { ContainerId, ExecSyncResult } from '../../runtime/runtime.ts';
import type { AskContainerDeps } from '../ask-container.ts';
import { staticCommand } from '../container-config/static-command.ts';
import { type HttpAction, type HttpRequest, httpRequest } from '../http-action.ts';
import { podMessageName, podRef } from '../pod-names.ts';

export interface HookTarget {
  readonly pod: Pod;
  readonly container: Container;
  readonly containerId: ContainerId;
  /** Whom an HTTP hook asks unless it names a host. */
  readonly podIP: string;
}

export interface RunHookDeps extends AskContainerDeps {
  /** Rejects with the signal's reason when it aborts. */
  readonly httpGet: (
    request: HttpRequest,
    signal: AbortSignal,
  ) => Promise<
    { readonly kind: 'Answer' } | { readonly kind: 'Failed'; readonly message: string; readonly isPlainHttp: boolean }
  >;
}

/**
 * Resolves when the hook has succeeded.
 *
 * @param limitSeconds a command that takes longer is ended by the runtime
 * @throws Error whose message says what went wrong (for a container's status; it may hold what the hook printed); the
 *   signal's reason when that aborts
 */
export async function runHook(
  deps: RunHookDeps,
  target: HookTarget,
  handler: LifecycleHandler,
  limitSeconds: number,
  signal: AbortSignal,
): Promise<void> {
  const { exec, httpGet, sleep } = handler;
  if (exec) return await runCommand(deps, target, exec.command ?? [], limitSeconds, signal);
  if (httpGet) return await askByHttp(deps, target, httpGet, signal);
  if (sleep) return await deps.clock.sleep(sleep.seconds * 1000, signal);
  // tcpSocket: kept in the API, never served (kubelet: fails at run time).
  throw new Error(`Cannot run handler: invalid handler: ${JSON.stringify(handler)}`);
}

async function runCommand(
  { execSync }: RunHookDeps,
  target: HookTarget,
  command: readonly string[],
  limitSeconds: number,
  signal: AbortSignal,
): Promise<void> {
  const argv = staticCommand(command, target.container);
  const failed = (why: string, output: string): Error =>
    new Error(
      `Exec lifecycle hook ([${command.join(' ')}]) for ${nameOf(target)} failed - error: ${why}, message: ${JSON.stringify(output)}`,
    );
  let result: ExecSyncResult;
  try {
    result = await execSync(target.containerId, argv, limitSeconds, signal);
  } catch (cause) {
    signal.throwIfAborted();
    throw failed(cause instanceof Error ? cause.message : String(cause), '');
  }
  if (result.exitCode === 0) return;
  const { stdout, stderr, exitCode } = result;
  throw failed(
    `command '${argv.join(' ')}' exited with ${exitCode}: ${stderr.toString()}`,
    Buffer.concat([stdout, stderr]).toString(),
  );
}

async function askByHttp(
  { httpGet, record, userAgent }: RunHookDeps,
  target: HookTarget,
  action: HttpAction,
  signal: AbortSignal,
): Promise<void> {
  const { pod, container, podIP } = target;
  const failed = (why: string): Error =>
    new Error(`HTTP lifecycle hook (${action.path}) for ${nameOf(target)} failed - error: ${why}`);
  let request: HttpRequest;
  try {
    request = httpRequest(action, container, podIP, userAgent);
  } catch (cause) {
    throw failed(cause instanceof Error ? cause.message : String(cause));
  }
  const answer = await httpGet(request, signal);
  if (answer.kind === 'Answer') return;
  // Before hooks knew HTTPS, those that asked for it were sent by HTTP (kubelet: LifecycleHTTPFallback).
  const [, host] = /^https:\/\/([^/]+)/.exec(request.url) ?? [];
  if (answer.isPlainHttp && host !== undefined) {
    const headers = request.headers.filter(({ name }) => name.toLowerCase() !== 'authorization');
    const again = await httpGet({ ...request, url: request.url.replace('https:', 'http:'), headers }, signal);
    if (again.kind === 'Answer') {
      const message = `request to HTTPS lifecycle hook ${host} got HTTP response, retry with HTTP succeeded`;
      record(pod, { type: 'Warning', reason: 'LifecycleHTTPFallback', message, container: container.name });
      return;
    }
  }
  throw failed(answer.message);
}

function nameOf({ pod, container }: HookTarget): string {
  return `Container "${container.name}" in Pod "${podMessageName(podRef(pod))}"`;
}
