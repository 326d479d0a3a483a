/** `eli describe`: everything about a resource in words. */
import type { KubeObject } from '../../api/meta.ts';
import type { CommandContext } from '../context.ts';
import { describeConfigMap, describeNamespace, describeSecret } from '../describe/data-objects.ts';
import type { DescribeInput } from '../describe/describe-input.ts';
import { fetchEvents } from '../describe/events.ts';
import { describeGeneric } from '../describe/generic.ts';
import { describeNode } from '../describe/node.ts';
import { describePod } from '../describe/pod.ts';
import { describeDeployment, describeReplicaSet } from '../describe/workload.ts';
import { alignTabs, describeTabs } from '../printers/tab-writer.ts';
import { parseResourceArgs, type ResourceSelection } from '../resources/resource-args.ts';
import { type ResourceKind, resourceName } from '../resources/resource-kind.ts';
import type { Session } from '../session.ts';
import { UsageError } from '../usage-error.ts';
import { listAll } from './get.ts';
import { forEach } from './write-result.ts';

export interface DescribeFlags {
  readonly allNamespaces?: boolean;
  readonly selector?: string;
  readonly showEvents?: boolean;
}

interface Subject {
  readonly kind: ResourceKind;
  readonly namespace: string | undefined;
  readonly name: string;
  readonly object?: KubeObject;
}

/** Prints a description of each selected resource; resolves with the exit code. */
export async function runDescribe(
  args: readonly string[],
  flags: DescribeFlags,
  context: CommandContext,
): Promise<number> {
  if (context.flags.output !== undefined) {
    throw new UsageError('describe has no --output', 'for json or yaml use "eli get … -o yaml"');
  }
  const session = await context.session();
  const selections = await parseResourceArgs(args, 'describe', session.resources);
  const subjects = (
    await Promise.all(selections.map((selection) => subjectsOf(selection, flags, session, context)))
  ).flat();
  if (subjects.length === 0) {
    context.note(flags.allNamespaces ? 'No resources found' : `No resources found in ${session.namespace} namespace.`);
    return 0;
  }
  let printed = 0;
  return await forEach(subjects, context, async (subject) => {
    const text = await describeOne(subject, flags, session, context);
    await context.print(`${printed++ > 0 ? '\n\n' : ''}${text}`);
  });
}

async function subjectsOf(
  { kind, names }: ResourceSelection,
  flags: DescribeFlags,
  session: Session,
  context: CommandContext,
): Promise<readonly Subject[]> {
  if (names.length > 0) {
    if (flags.selector !== undefined) throw new UsageError('name cannot be provided when a selector is specified');
    if (flags.allNamespaces) throw new UsageError('a resource cannot be retrieved by name across all namespaces');
    return names.map((name) => ({ kind, namespace: kind.namespaced ? session.namespace : undefined, name }));
  }
  const namespace = kind.namespaced && !flags.allNamespaces ? session.namespace : undefined;
  const objects = await listAll(kind, namespace, { session, signal: context.signal, flags });
  return objects.map((object) => ({
    kind,
    namespace: object.metadata.namespace,
    name: object.metadata.name ?? '',
    object,
  }));
}

async function describeOne(
  subject: Subject,
  flags: DescribeFlags,
  session: Session,
  context: CommandContext,
): Promise<string> {
  const { kind, namespace, name } = subject;
  const key = namespace === undefined ? { name } : { namespace, name };
  const object = subject.object ?? (await session.client.get<KubeObject>(kind, key, context.signal));
  const events = flags.showEvents === false ? undefined : await fetchEvents(object, kind, session, context.signal);
  const input: DescribeInput = { object, events, nowMs: context.io.clock.now() };
  return alignTabs(await textOf(kind, input, session, context), describeTabs);
}

async function textOf(
  kind: ResourceKind,
  input: DescribeInput,
  session: Session,
  context: CommandContext,
): Promise<string> {
  switch (resourceName(kind)) {
    case 'pods':
      return describePod(input);
    case 'nodes':
      return await describeNode(input, session, context.signal);
    case 'deployments.apps':
      return await describeDeployment(input, session, context.signal);
    case 'replicasets.apps':
      return await describeReplicaSet(input, session, context.signal);
    case 'configmaps':
      return describeConfigMap(input);
    case 'secrets':
      return describeSecret(input);
    case 'namespaces':
      return describeNamespace(input);
    default:
      return describeGeneric(input);
  }
}
