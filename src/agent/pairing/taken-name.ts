/** Somebody who is let in. */
interface Person {
  readonly name: string;
  readonly groups: readonly string[];
}

/**
 * Why somebody in `groups` cannot have `name`, in words that follow "it"; undefined when he can. Two people of one name are one
 * in events and `managedFields`, so only who may do the same may have it: most likely the same person, with another laptop.
 * Upper and lower case do not tell people apart.
 */
export function problemOfTakenName(
  name: string,
  groups: readonly string[],
  people: readonly Person[],
): string | undefined {
  const other = people.find((person) => isSameName(person.name, name) && !areSameGroups(person.groups, groups));
  if (other === undefined) return undefined;
  return `is that of somebody in ${other.groups.join(', ') || 'no group'}, who may do other things`;
}

function isSameName(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

function areSameGroups(some: readonly string[], others: readonly string[]): boolean {
  const [one, other] = [new Set(some), new Set(others)];
  return one.symmetricDifference(other).size === 0;
}
