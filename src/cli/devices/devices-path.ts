import { join } from 'node:path';

/**
 * Where `eli` keeps the devices that it was paired with: `ELI_KUBECONFIG`, else `~/.eli/kubeconfig`. A kubeconfig as any
 * other, so that kubectl can use it too; undefined when the user has no home and names no file.
 */
export function devicesPath(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const { ELI_KUBECONFIG: named, HOME: home } = env;
  if (named) return named;
  return home ? join(home, '.eli', 'kubeconfig') : undefined;
}
