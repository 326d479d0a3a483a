/** The flags of `eliotd pair`; those of eliotd itself (--run-dir, --config, …) go on to its settings. */

import type { CodeRequest } from '../../api/pairing/exchange.ts';
import { developersGroup, mastersGroup, viewersGroup } from '../../apiserver/identity.ts';
import { StatusError } from '../../lib/status-error.ts';

export interface PairArguments {
  readonly request: CodeRequest;
  /** Print the code alone. */
  readonly quiet: boolean;
  readonly settings: readonly string[];
}

/** The short names of the groups that may do something on a device. */
const groupsByName: Readonly<Record<string, string>> = {
  masters: mastersGroup,
  developers: developersGroup,
  viewers: viewersGroup,
};

/**
 * Whoever reads the code off the device owns it, so the person may do everything unless `--group` says otherwise.
 *
 * @throws StatusError Invalid when a flag lacks its value, or a group is none
 */
export function parsePairArguments(args: readonly string[]): PairArguments {
  const groups: string[] = [];
  const settings: string[] = [];
  let name: string | undefined;
  let quiet = false;
  const left = [...args];
  for (let arg = left.shift(); arg !== undefined; arg = left.shift()) {
    const [flag = '', given] = /^(--[a-z]+)=(.*)$/s.exec(arg)?.slice(1) ?? [arg];
    const value = (): string => {
      const found = given ?? left.shift();
      if (found === undefined || found === '')
        throw new StatusError('Invalid', `${flag} needs a value; see eliotd --help`);
      return found;
    };
    if (flag === '--name') name = value();
    else if (flag === '--group') groups.push(...value().split(',').map(readGroup));
    else if (arg === '--quiet' || arg === '-q') quiet = true;
    else settings.push(arg);
  }
  return {
    request: {
      groups: groups.length === 0 ? [mastersGroup] : [...new Set(groups)],
      ...(name === undefined ? {} : { name }),
    },
    quiet,
    settings,
  };
}

/** A group by its short name or its whole one. */
function readGroup(typed: string): string {
  const known = Object.entries(groupsByName).find(([short, group]) => typed === short || typed === group);
  if (known !== undefined) return known[1];
  throw new StatusError('Invalid', `there is no group "${typed}"; there are: ${Object.keys(groupsByName).join(', ')}`);
}
