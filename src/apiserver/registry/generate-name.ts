/** Names made by the server for `metadata.generateName`, as k8s.io/apiserver/pkg/storage/names does. */
import { randomInt } from 'node:crypto';

/** No vowels and no look-alikes, so that no words come out. */
const alphabet = 'bcdfghjklmnpqrstvwxz2456789';
const suffixLength = 5;
const maxNameLength = 63;

/** Five random letters or digits. */
export function randomSuffix(): string {
  return Array.from({ length: suffixLength }, () => alphabet.charAt(randomInt(alphabet.length))).join('');
}

/** The prefix, cut so that the whole stays within 63 characters, and the suffix. */
export function generateName(prefix: string, suffix: string): string {
  return `${prefix.slice(0, maxNameLength - suffix.length)}${suffix}`;
}
