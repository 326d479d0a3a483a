/** Counts as the API keeps them: none is left out, so that what was written and what is read compare equal. */
export function withoutZeros<K extends string>(
  counts: { readonly [key in K]: number },
): { readonly [key in K]?: number } {
  return Object.fromEntries(Object.entries<number>(counts).filter(([, count]) => count !== 0)) as {
    readonly [key in K]?: number;
  };
}
