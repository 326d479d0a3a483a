/** Paths in an archive, which are only compared with each other. Pure. */

/** Without `./`, `..` and double slashes: no path leads out of the archive. */
export function normalizePath(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return parts.join('/');
}

/** More links one after another are a loop; archives of images have one. */
const maxHops = 10;

/**
 * What a path leads to in the end, which may be nothing that is there.
 *
 * @param links targets by path, all of them normalized
 * @returns undefined for a loop
 */
export function resolveLinks(links: ReadonlyMap<string, string>, path: string): string | undefined {
  let current = normalizePath(path);
  for (let hops = 0; hops <= maxHops; hops += 1) {
    const target = links.get(current);
    if (target === undefined) return current;
    current = target;
  }
  return undefined;
}
