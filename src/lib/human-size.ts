const units = ['B', 'kB', 'MB', 'GB', 'TB'];

/** A size as docker prints it: powers of 1000, three digits. `12.3MB`. */
export function humanSize(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1_000;
    unit += 1;
  }
  return `${unit === 0 ? Math.round(value) : Number(value.toPrecision(3))}${units[unit]}`;
}
