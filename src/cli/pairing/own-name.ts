import { problemOfPersonName } from '../../api/pairing/person-name.ts';

/** Longest name of a person that a certificate holds. */
const maxLength = 64;

/** `USER@HOST`, as far as a certificate can hold it: what a device calls this person unless it is told otherwise. */
export function ownName(env: Readonly<Record<string, string | undefined>>, hostname: string): string {
  const user = env['USER'] || env['LOGNAME'] || env['USERNAME'] || 'someone';
  const short = hostname.split('.')[0] ?? '';
  const name = `${clean(user)}@${clean(short)}`.slice(0, maxLength).replace(/[^A-Za-z0-9]+$/, '');
  return problemOfPersonName(name) === undefined ? name : 'someone';
}

function clean(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[^A-Za-z0-9._+-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '');
}
