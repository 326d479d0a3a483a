/** A field of an object, when there is something in it: spread into the object, it is not there otherwise. Pure. */
export function optional(
  name: string,
  value: readonly unknown[] | Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  return Object.keys(value).length === 0 ? {} : { [name]: value };
}
