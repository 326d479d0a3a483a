/** The text that `eli edit` opens: a remark at the top, the reasons why it was opened again, and the objects. Pure. */
import { isStatusError } from '../../lib/status-error.ts';

const remark = [
  "Please edit the object below. Lines beginning with a '#' will be ignored,",
  'and an empty file will abort the edit. If an error occurs while saving this file will be',
  'reopened with the relevant failures.',
  '',
];

/** What was wrong the last time. */
export interface EditReason {
  readonly head: string;
  readonly details: readonly string[];
}

/** The lines before the objects, each a comment. */
export function headerText(reasons: readonly EditReason[]): string {
  const lines = reasons.flatMap(({ head, details }) => [
    `${head}${details.length > 0 ? ':' : ''}`,
    ...details.map((detail) => `* ${detail}`),
    '',
  ]);
  return [...remark, ...lines]
    .flatMap((line) => line.split('\n'))
    .map((line) => `# ${line}`.trimEnd())
    .map((line) => `${line}\n`)
    .join('');
}

/** The text below the comments at its top. A `#` further down may be part of a value. */
export function withoutHeader(text: string): string {
  const lines = text.split('\n');
  const first = lines.findIndex((line) => !line.startsWith('#'));
  return first < 0 ? '' : lines.slice(first).join('\n');
}

/** Whether there is nothing but comments and blanks. */
export function isEmptyEdit(text: string): boolean {
  return text.split('\n').every((line) => /^\s*(#|$)/.test(line));
}

/** Why the device refused `subject` (`pods "web"`), or undefined when editing on would not help. */
export function reasonOf(error: unknown, subject: string): EditReason | undefined {
  if (!isStatusError(error, 'Invalid', 'BadRequest')) return undefined;
  const causes = error.details?.causes ?? [];
  const details = causes.map(({ field, message }) => (field ? `${field}: ${message}` : message));
  return { head: `${subject} was not valid`, details: details.length > 0 ? details : [error.message] };
}
