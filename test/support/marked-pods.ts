/** Pods whose processes can be counted from the host: an argument of each is unique on the machine. */
import { readFileSync } from 'node:fs';
import { shellPod } from './device.ts';
import { findProcesses } from './processes.ts';

const markerOf = (name: string): string => `${name}.${process.pid}`;

/** A pod that runs until it is asked to end. */
export function markedPod(name: string, change: Record<string, unknown> = {}): object {
  return shellPod(name, `trap 'exit 0' TERM; while true; do sleep 1; done; : ${markerOf(name)}`, change);
}

/**
 * The processes that containers of the pod were started with. What the shell has just forked looks the same for a
 * moment, until it has become `sleep`; only the first process of a namespace counts.
 */
export function runsOf(name: string): number[] {
  return findProcesses((args) => args[0] === 'sh' && (args[2] ?? '').endsWith(markerOf(name)))
    .map(({ pid }) => pid)
    .filter(isFirstOfNamespace);
}

function isFirstOfNamespace(pid: number): boolean {
  try {
    // From the outermost namespace to its own.
    const pids = /^NSpid:(.*)$/m
      .exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
      ?.trim()
      .split(/\s+/);
    return pids?.at(-1) === '1';
  } catch {
    return false;
  }
}
