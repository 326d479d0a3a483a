/** `eli auth whoami` and `auth can-i`: who the device takes us for, and what it lets us do. */
import type { KubeObject } from '../../api/meta.ts';
import type { CommandContext } from '../context.ts';
import { createObjectPrinter } from '../printers/object-printer.ts';
import { parseOutputFormat } from '../printers/output-format.ts';
import { alignTabs, tableTabs } from '../printers/tab-writer.ts';
import { escapeControls } from '../terminal/escape-controls.ts';
import { UsageError } from '../usage-error.ts';

interface SelfSubjectReview extends KubeObject {
  readonly status?: {
    readonly userInfo?: {
      readonly username?: string;
      readonly uid?: string;
      readonly groups?: readonly string[];
      readonly extra?: Readonly<Record<string, readonly string[]>>;
    };
  };
}

interface SelfSubjectAccessReview {
  readonly status?: { readonly allowed?: boolean; readonly reason?: string };
}

const authentication = { group: 'authentication.k8s.io', version: 'v1', resource: 'selfsubjectreviews' };
const authorization = { group: 'authorization.k8s.io', version: 'v1', resource: 'selfsubjectaccessreviews' };

/** Shows user and groups; resolves with the exit code. */
export async function runWhoAmI(context: CommandContext): Promise<number> {
  const format = parseOutputFormat(context.flags.output, ['table', 'name', 'json', 'yaml', 'jsonpath']);
  const { client } = await context.session();
  const review = await client.create<SelfSubjectReview>(authentication, {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'SelfSubjectReview',
    metadata: {},
  });
  const print =
    format.kind === 'table' ? undefined : createObjectPrinter({ format, noHeaders: false, showManagedFields: false });
  await context.print(print === undefined ? whoAmITable(review) : await print(review));
  return 0;
}

function whoAmITable({ status }: SelfSubjectReview): string {
  const { username = '', uid, groups = [], extra = {} } = status?.userInfo ?? {};
  const list = (values: readonly string[]): string => `[${values.join(' ')}]`;
  const extras = Object.entries(extra).sort(([a], [b]) => (a < b ? -1 : 1));
  const rows = [
    ['ATTRIBUTE', 'VALUE'],
    ...(username === '' ? [] : [['Username', username]]),
    ...(uid ? [['UID', uid]] : []),
    ...(groups.length > 0 ? [['Groups', list(groups)]] : []),
    ...extras.map(([key, values]) => [`Extra: ${key}`, list(values)]),
  ];
  return `${alignTabs(rows.map((cells) => cells.map(escapeControls).join('\t')).join('\n'), tableTabs)}\n`;
}

export interface CanIFlags {
  readonly allNamespaces?: boolean;
  readonly subresource?: string;
}

/** Prints `yes` or `no`; resolves with 0 or 1, also with --quiet. */
export async function runCanI(args: readonly string[], flags: CanIFlags, context: CommandContext): Promise<number> {
  const [verb, what, ...more] = args;
  if (verb === undefined || what === undefined || more.length > 0) {
    throw new UsageError(
      'you must specify two arguments: verb resource or verb resource/resourceName.',
      'for example: eli auth can-i delete pods',
    );
  }
  const { client, namespace } = await context.session();
  const spec = what.startsWith('/')
    ? { nonResourceAttributes: { verb, path: what } }
    : { resourceAttributes: await resourceAttributes(verb, what, flags, namespace, context) };
  const answer = await client.create<SelfSubjectAccessReview>(authorization, {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    metadata: {},
    spec,
  } as unknown as SelfSubjectAccessReview);
  const { allowed = false, reason = '' } = answer.status ?? {};
  if (!context.flags.quiet) {
    await context.print(`${allowed ? 'yes' : `no${reason === '' ? '' : ` - ${reason}`}`}\n`);
  }
  return allowed ? 0 : 1;
}

async function resourceAttributes(
  verb: string,
  what: string,
  { subresource, allNamespaces }: CanIFlags,
  namespace: string,
  context: CommandContext,
): Promise<object> {
  const [word = '', name] = what.split('/');
  const { resources } = await context.session();
  const kind = await resources.find(word).catch((error: unknown) => {
    if (!(error instanceof UsageError)) throw error;
    if (word !== '*') context.note(`Warning: the server doesn't have a resource type '${word}'\n`);
    return undefined;
  });
  if (kind !== undefined && !kind.namespaced && !allNamespaces && context.flags.namespace !== undefined) {
    context.note(`Warning: resource '${kind.resource}' is not namespace scoped\n`);
  }
  const [plain = '', ...group] = word.split('.');
  return {
    verb,
    group: kind?.group ?? group.join('.'),
    resource: kind?.resource ?? plain,
    ...(subresource === undefined ? {} : { subresource }),
    ...(name === undefined ? {} : { name }),
    ...(allNamespaces || kind?.namespaced === false ? {} : { namespace }),
  };
}
