/** What a mount's `subPathExpr` says, once its variables are known. Pure. Messages are the kubelet's. */
import { ContainerConfigError } from './container-env.ts';
import { expandVariables } from './expand-variables.ts';

/** @throws ContainerConfigError for a variable without a value, or a path that would leave the volume */
export function expandSubPath(expression: string, env: ReadonlyMap<string, string>): string {
  const missing = new Set<string>();
  const path = expandVariables(expression, (name) => {
    const value = env.get(name);
    if (!value) missing.add(name);
    return value;
  });
  if (missing.size > 0) throw new ContainerConfigError(`missing value for ${[...missing].sort().join(', ')}`);
  if (path.startsWith('/')) throw new ContainerConfigError(`error SubPath \`${path}\` must not be an absolute path`);
  if (path.split('/').includes('..')) {
    throw new ContainerConfigError(`unable to provision SubPath \`${path}\`: must not contain '..'`);
  }
  return path;
}
