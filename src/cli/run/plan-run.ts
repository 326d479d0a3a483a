/** Reads what a command line of `eli run` asks for, and all that is needed to know it: files, and what the device offers. */
import { randomBytes } from 'node:crypto';
import type { Pod } from '../../api/kinds/pod/types.ts';
import { type DryRun, parseDryRun } from '../commands/write-result.ts';
import type { CommandContext } from '../context.ts';
import { defaultDetachKeys, parseDetachKeys } from '../detach-keys.ts';
import { parseEnv } from '../pod-parts/env.ts';
import { UsageError } from '../usage-error.ts';
import { computePod } from './compute-pod.ts';
import type { ForegroundWish } from './foreground.ts';
import { parseLeaseMs } from './pod-flags.ts';
import { readEnvFiles, readOfferedDevices } from './read-pod-inputs.ts';
import type { RunFlags } from './run-flags.ts';

const defaultLeaseMs = 30_000;

/** A run as it was asked for. */
export interface RunPlan {
  readonly pod: Pod;
  /** Undefined: the pod hangs on nobody. */
  readonly lease: { readonly name: string; readonly durationMs: number } | undefined;
  readonly dryRun: DryRun;
  readonly detach: boolean;
  /** How it is looked at, unless it is detached. */
  readonly foreground: Omit<ForegroundWish, 'pod' | 'container' | 'release'>;
}

/** @throws UsageError for what makes no sense, StatusError when the device cannot be asked */
export async function planRun(
  image: string,
  command: readonly string[],
  flags: RunFlags,
  context: CommandContext,
): Promise<RunPlan> {
  const detach = flags.detach ?? false;
  const isKept = (flags.restart ?? 'no') !== 'no';
  if (flags.rm && isKept)
    throw new UsageError(
      '--rm and --restart contradict each other',
      'what is removed when it ends cannot be started again',
    );
  const isRemoved = flags.rm ?? (!detach && !isKept);
  const durationMs = parseLeaseMs(flags.lease ?? `${defaultLeaseMs}ms`);
  const detachKeys = parseDetachKeys(flags.detachKeys ?? defaultDetachKeys);
  const isTerminal = context.io.stdin.isTTY ?? false;
  const tty = (flags.tty ?? false) && (detach || !flags.stdin || isTerminal);
  if (flags.tty && !tty) context.note('Unable to use a TTY - input is not a terminal or the right kind of file');
  const lease = detach ? undefined : { name: `eli-run-${randomBytes(6).toString('hex')}`, durationMs };
  const env = [
    ...(await readEnvFiles(flags.envFile ?? [], context.io)),
    ...(flags.env ?? []).flatMap((text) => parseEnv(text, '--env', context.io.env)),
  ];
  const { namespace } = await context.session();
  const offeredDevices = await readOfferedDevices(flags.device ?? [], flags.privileged, context);
  const pod = computePod({ image, command, flags, namespace, env, tty, lease: lease?.name, isRemoved, offeredDevices });
  const sigProxy = flags.sigProxy ?? true;
  const foreground = {
    tty,
    stdin: flags.stdin ?? false,
    sigProxy,
    detachKeys,
    isRemoved,
    patienceMs: durationMs,
  };
  return { pod, lease, detach, foreground, dryRun: parseDryRun(flags.dryRun) };
}
