/** Which of two versions is the newer one: as https://semver.org says, with any number of numbers before the `-`. Pure. */

const pattern = /^\d{1,15}(\.\d{1,15}){0,5}(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?(\+[0-9A-Za-z.-]+)?$/;

/** Whether the text is a version: `1`, `1.2.3`, `2026.11.3-rc.1`; at most 63 characters. */
export function isVersion(text: string): boolean {
  return text.length <= 63 && pattern.test(text);
}

/** Below zero when `one` is older than `other`, zero when neither is. Both must be versions. */
export function compareVersions(one: string, other: string): number {
  const [a, b] = [split(one), split(other)];
  for (let index = 0; index < Math.max(a.numbers.length, b.numbers.length); index += 1) {
    const difference = (a.numbers[index] ?? 0) - (b.numbers[index] ?? 0);
    if (difference !== 0) return difference;
  }
  if (a.before.length === 0 || b.before.length === 0) return b.before.length - a.before.length;
  return compareBefore(a.before, b.before);
}

/** What stands behind the `-` makes it older; `+` and what follows says nothing. */
function split(version: string): { readonly numbers: readonly number[]; readonly before: readonly string[] } {
  const [plain = ''] = version.split('+');
  const dash = plain.indexOf('-');
  const numbers = (dash < 0 ? plain : plain.slice(0, dash)).split('.').map(Number);
  return { numbers, before: dash < 0 ? [] : plain.slice(dash + 1).split('.') };
}

function compareBefore(one: readonly string[], other: readonly string[]): number {
  for (let index = 0; index < Math.min(one.length, other.length); index += 1) {
    const difference = compareWords(one[index] ?? '', other[index] ?? '');
    if (difference !== 0) return difference;
  }
  return one.length - other.length;
}

function compareWords(one: string, other: string): number {
  const [isNumber, isOtherNumber] = [/^\d+$/.test(one), /^\d+$/.test(other)];
  if (isNumber && isOtherNumber) return Number(one) - Number(other);
  if (isNumber !== isOtherNumber) return isNumber ? -1 : 1;
  return one < other ? -1 : one > other ? 1 : 0;
}
