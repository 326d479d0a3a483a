/** `eli create TYPE NAME`: objects that need no manifest. */
import type { KubeObject } from '../../api/meta.ts';
import { ServerStatusError } from '../../client/response-status.ts';
import type { CommandContext } from '../context.ts';
import { type DataFlags, readData } from '../creating/data-sources.ts';
import { newBudget, newQuota } from '../creating/new-limits.ts';
import {
  newConfigMap,
  newDeployment,
  newNamespace,
  newRegistrySecret,
  newSecret,
  newServiceAccount,
  newTlsSecret,
} from '../creating/new-objects.ts';
import { UsageError } from '../usage-error.ts';
import { wholeNumber } from '../whole-number.ts';
import { address, createWritePrinter, parseDryRun } from './write-result.ts';

export interface CreateObjectFlags extends DataFlags {
  readonly dryRun?: string | boolean;
  readonly fieldManager?: string;
  readonly type?: string;
  readonly dockerServer?: string;
  readonly dockerUsername?: string;
  readonly dockerPassword?: string;
  readonly dockerEmail?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly image?: readonly string[];
  readonly replicas?: string;
  readonly port?: string;
  readonly hard?: string;
  readonly scopes?: string;
  readonly selector?: string;
  readonly minAvailable?: string;
  readonly maxUnavailable?: string;
}

export type CreatedKind =
  | 'configmap'
  | 'deployment'
  | 'namespace'
  | 'poddisruptionbudget'
  | 'quota'
  | 'secret docker-registry'
  | 'secret generic'
  | 'secret tls'
  | 'serviceaccount';

/** As docker and kubectl. */
const defaultRegistry = 'https://index.docker.io/v1/';

/** Creates one object; resolves with the exit code. `args` is its name, and for a Deployment the command. */
export async function runCreateObject(
  kind: CreatedKind,
  args: readonly string[],
  flags: CreateObjectFlags,
  context: CommandContext,
): Promise<number> {
  const dryRun = parseDryRun(flags.dryRun);
  const print = createWritePrinter(context, dryRun);
  const object = await makeObject(kind, args, flags, context);
  const session = await context.session();
  const addressed = await address({ object, source: '', placeOf: () => undefined, notes: [] }, session, context);
  if (dryRun === 'client') {
    // As kubectl: the namespace stands in what is printed only if it was said.
    const { namespace } = context.flags;
    const shown = { ...object, metadata: { ...object.metadata, ...(namespace === undefined ? {} : { namespace }) } };
    await print(addressed.kind, addressed.kind.namespaced ? shown : object, 'created');
    return 0;
  }
  const options = { fieldManager: flags.fieldManager ?? 'eli-create', dryRun: dryRun === 'server' };
  try {
    await print(addressed.kind, await session.client.create(addressed.kind, addressed.object, options), 'created');
    return 0;
  } catch (error) {
    if (!(error instanceof ServerStatusError) || kind === 'namespace') throw error;
    // As kubectl, which calls this one kind by its plural.
    const what = kind === 'poddisruptionbudget' ? `${kind}s` : kind.replace(/ .*/, '');
    throw new UsageError(`failed to create ${what}: ${error.message}`, undefined, { cause: error });
  }
}

async function makeObject(
  kind: CreatedKind,
  args: readonly string[],
  flags: CreateObjectFlags,
  { io }: CommandContext,
): Promise<KubeObject> {
  const [name = '', ...command] = args;
  if (args.length === 0 || (kind !== 'deployment' && args.length > 1)) {
    throw new UsageError(`exactly one NAME is required, got ${args.length}`, `see "eli create ${kind} --help"`);
  }
  switch (kind) {
    case 'namespace':
      return newNamespace(name);
    case 'serviceaccount':
      return newServiceAccount(name);
    case 'quota':
      return newQuota(name, flags.hard, flags.scopes);
    case 'poddisruptionbudget': {
      const { selector, minAvailable, maxUnavailable } = flags;
      return newBudget(name, { selector, minAvailable, maxUnavailable });
    }
    case 'configmap':
      return newConfigMap(name, await readData(flags, { kind: 'ConfigMap', name }, io));
    case 'secret generic':
      return newSecret(name, await readData(flags, { kind: 'Secret', name }, io), flags.type);
    case 'secret docker-registry': {
      const { dockerServer: server = defaultRegistry, dockerEmail: email } = flags;
      const username = required(flags.dockerUsername, 'docker-username');
      return newRegistrySecret(name, {
        server,
        username,
        password: required(flags.dockerPassword, 'docker-password'),
        email,
      });
    }
    case 'secret tls':
      return newTlsSecret(
        name,
        await io.files.readFile(required(flags.cert, 'cert')),
        await io.files.readFile(required(flags.key, 'key')),
      );
    case 'deployment': {
      const images = (flags.image ?? []).flatMap((list) => list.split(','));
      if (images.length === 0) throw new UsageError('required flag(s) "image" not set');
      const replicas = wholeNumber(flags.replicas, '--replicas') ?? 1;
      return newDeployment(name, { images, command, replicas, port: wholeNumber(flags.port, '--port') });
    }
  }
}

function required(value: string | undefined, flag: string): string {
  if (value === undefined) throw new UsageError(`required flag(s) "${flag}" not set`);
  return value;
}
