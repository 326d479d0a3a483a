/** `eli create token ACCOUNT`: a token with which a program acts as a service account. */
import type { TokenRequest } from '../../api/kinds/token-reviews.ts';
import type { KubeObject } from '../../api/meta.ts';
import { resourcePath } from '../../client/resource-path.ts';
import { ServerStatusError } from '../../client/response-status.ts';
import type { CommandContext } from '../context.ts';
import { parseDuration } from '../duration.ts';
import { createObjectPrinter } from '../printers/object-printer.ts';
import { parseOutputFormat } from '../printers/output-format.ts';
import { UsageError } from '../usage-error.ts';

export interface CreateTokenFlags {
  readonly audience?: readonly string[];
  readonly duration?: string;
  readonly boundObjectKind?: string;
  readonly boundObjectName?: string;
  readonly boundObjectUid?: string;
}

const serviceAccountsResource = { group: '', version: 'v1', resource: 'serviceaccounts' };
/** What a token can be bound to, so that it ends with it; all are of the core group. */
const boundKinds: readonly string[] = ['Node', 'Pod', 'Secret'];

/** Prints the token, or the whole answer with `-o`; resolves with the exit code. */
export async function runCreateToken(
  args: readonly string[],
  flags: CreateTokenFlags,
  context: CommandContext,
): Promise<number> {
  const [name] = args;
  if (name === undefined || args.length > 1) {
    throw new UsageError(`exactly one NAME is required, got ${args.length}`, 'see "eli create token --help"');
  }
  const format = parseOutputFormat(context.flags.output, ['table', 'name', 'json', 'yaml', 'jsonpath']);
  const body = requestOf(flags);
  const { rest, namespace } = await context.session();
  const path = `${resourcePath(serviceAccountsResource, { namespace, name })}/token`;
  const answer = await rest
    .json<TokenRequest & KubeObject>({ method: 'POST', path, body, signal: context.signal })
    .catch((cause: unknown) => {
      if (!(cause instanceof ServerStatusError)) throw cause;
      throw new UsageError(`failed to create token: ${cause.message}`, undefined, { cause });
    });
  if (format.kind !== 'table') {
    await context.print(await createObjectPrinter({ format, noHeaders: false, showManagedFields: false })(answer));
    return 0;
  }
  if (!answer.status?.token) throw new UsageError('failed to create token: no token in server response');
  await context.print(`${answer.status.token}\n`);
  return 0;
}

function requestOf({ audience, duration, boundObjectKind, boundObjectName, boundObjectUid }: CreateTokenFlags): object {
  if (boundObjectKind === undefined) {
    const flag = boundObjectName !== undefined ? 'name' : boundObjectUid !== undefined ? 'uid' : undefined;
    if (flag !== undefined) {
      throw new UsageError(`--bound-object-${flag} can only be set if --bound-object-kind is provided`);
    }
  } else if (!boundKinds.includes(boundObjectKind)) {
    throw new UsageError(`supported --bound-object-kind values are ${boundKinds.join(', ')}`);
  } else if (boundObjectName === undefined) {
    throw new UsageError('--bound-object-name is required if --bound-object-kind is provided');
  }
  if (duration?.startsWith('-')) throw new UsageError('--duration must be greater than or equal to 0');
  const seconds = Math.round(parseDuration(duration ?? '0', '--duration') / 1_000);
  const bound = {
    kind: boundObjectKind,
    apiVersion: 'v1',
    name: boundObjectName,
    ...(boundObjectUid === undefined ? {} : { uid: boundObjectUid }),
  };
  return {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: {
      audiences: (audience ?? []).flatMap((list) => list.split(',')),
      ...(seconds === 0 ? {} : { expirationSeconds: seconds }),
      ...(boundObjectKind === undefined ? {} : { boundObjectRef: bound }),
    },
  };
}
