/** The version of packages: growing from commit to commit, so that an upgrade is one for apt as well. */
import { execFileSync } from 'node:child_process';

/** What git says of the checkout; undefined for a source without git. */
export interface CheckoutState {
  readonly tags: readonly string[];
  readonly commit: string;
  readonly committedAtSeconds: number;
}

export function readCheckout(root: string): CheckoutState | undefined {
  const git = (...args: string[]): string =>
    execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  try {
    const [commit = '', seconds] = git('log', '-1', '--format=%h %ct').split(' ');
    return { tags: git('tag', '--points-at', 'HEAD').split('\n'), commit, committedAtSeconds: Number(seconds) };
  } catch {
    return undefined;
  }
}

/** `1.2.3` for the commit of that tag, `1.2.3+git20261128201500.0123abc` for one that follows it. */
export function debianVersion(version: string, checkout: CheckoutState | undefined): string {
  if (checkout === undefined || checkout.tags.includes(`v${version}`)) return version;
  const time = new Date(checkout.committedAtSeconds * 1_000).toISOString().replaceAll(/[-:T]|\..*/g, '');
  return `${version}+git${time}.${checkout.commit}`;
}
