/** Chains of our own in iptables, and the jumps to them. Every call may be repeated. */
import { StatusError } from '../lib/status-error.ts';
import type { RunChild } from './run-child.ts';

export type Table = 'filter' | 'nat';

/** Words of a rule as iptables takes them, for example `['-s', '10.0.0.0/8', '-j', 'ACCEPT']`. */
export type Rule = readonly string[];

export interface Iptables {
  /** The chain holds exactly `rules` afterwards; nothing is touched when it does already. */
  ensureChain(table: Table, chain: string, rules: readonly Rule[], signal: AbortSignal): Promise<void>;
  /** A built-in chain holds `rule` once; it is put at the end when it is missing. */
  ensureRule(table: Table, chain: string, rule: Rule, signal: AbortSignal): Promise<void>;
  /** Takes `rule` out of a built-in chain, however often it is there. */
  removeRule(table: Table, chain: string, rule: Rule, signal: AbortSignal): Promise<void>;
  /** Empties and removes a chain; fine when there is none. */
  removeChain(table: Table, chain: string, signal: AbortSignal): Promise<void>;
  /** The rules of a chain as iptables prints them, without its declaration; undefined when there is no such chain. */
  listChain(table: Table, chain: string, signal: AbortSignal): Promise<readonly string[] | undefined>;
}

/** Waits this many seconds for another program's lock on the tables. */
const lockSeconds = '5';

/** @throws StatusError `NotFound` from every call when iptables is not installed */
export function createIptables(runChild: RunChild): Iptables {
  const run = (table: Table, args: readonly string[], signal: AbortSignal) =>
    runChild('iptables', ['-w', lockSeconds, '-t', table, ...args], signal);

  const must = async (table: Table, args: readonly string[], signal: AbortSignal): Promise<void> => {
    const result = await run(table, args, signal);
    if (result.exitCode === 0) return;
    throw new StatusError('InternalError', `iptables -t ${table} ${args.join(' ')}: ${result.stderr.trim()}`);
  };

  const hasRule = async (table: Table, chain: string, rule: Rule, signal: AbortSignal): Promise<boolean> =>
    (await run(table, ['-C', chain, ...rule], signal)).exitCode === 0;

  const listChain: Iptables['listChain'] = async (table, chain, signal) => {
    const result = await run(table, ['-S', chain], signal);
    if (result.exitCode !== 0) return undefined;
    return result.stdout.split('\n').filter((line) => line.startsWith('-A '));
  };

  return {
    listChain,
    ensureChain: async (table, chain, rules, signal) => {
      const present = await listChain(table, chain, signal);
      if (present === undefined) await must(table, ['-N', chain], signal);
      else if (present.length === rules.length) {
        const found = await Promise.all(rules.map((rule) => hasRule(table, chain, rule, signal)));
        if (found.every(Boolean)) return;
      }
      await must(table, ['-F', chain], signal);
      for (const rule of rules) await must(table, ['-A', chain, ...rule], signal);
    },
    ensureRule: async (table, chain, rule, signal) => {
      if (!(await hasRule(table, chain, rule, signal))) await must(table, ['-A', chain, ...rule], signal);
    },
    removeRule: async (table, chain, rule, signal) => {
      while (await hasRule(table, chain, rule, signal)) await must(table, ['-D', chain, ...rule], signal);
    },
    removeChain: async (table, chain, signal) => {
      if ((await listChain(table, chain, signal)) === undefined) return;
      await must(table, ['-F', chain], signal);
      await must(table, ['-X', chain], signal);
    },
  };
}
