/** Of the device itself: what root and its administrator do must not be laid at another's door, nor the other way round. */
const ownNames = ['eliot-admin', 'root'];

/**
 * What is wrong with a name for a person's certificate, in words that follow it; undefined when nothing is. It becomes the
 * user name of all that the person does, so it must not look like one of the system's (`system:…`), and 64 characters are the
 * most that a certificate can hold (RFC 5280, ub-common-name).
 */
export function problemOfPersonName(name: string): string | undefined {
  if (ownNames.includes(name.toLowerCase())) return "must not be one of the device's own";
  if (name.length === 0 || name.length > 64) return 'must have 1 to 64 characters';
  return /^[A-Za-z0-9](?:[A-Za-z0-9._@+-]*[A-Za-z0-9])?$/.test(name)
    ? undefined
    : 'must consist of letters, digits, ".", "_", "@", "+" and "-", and begin and end with a letter or digit';
}
