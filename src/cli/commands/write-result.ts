/** What commands that write objects have in common: their flags, their result lines, and going on after a failure. */
import type { KubeObject } from '../../api/meta.ts';
import type { CommandContext } from '../context.ts';
import { describeFailure, FailureInContext } from '../failure.ts';
import type { Manifest } from '../manifests/manifest.ts';
import { refusedFields } from '../manifests/refused-fields.ts';
import { createObjectPrinter } from '../printers/object-printer.ts';
import { parseOutputFormat } from '../printers/output-format.ts';
import { kindName, type ResourceKind } from '../resources/resource-kind.ts';
import type { Session } from '../session.ts';
import { UsageError } from '../usage-error.ts';

/** `client`: nothing is sent that writes. `server`: the server does everything but keep it. */
export type DryRun = 'none' | 'client' | 'server';

/** @throws UsageError for a value that `--dry-run` does not have */
export function parseDryRun(text: string | boolean | undefined): DryRun {
  switch (text) {
    case undefined:
      return 'none';
    // As kubectl: the bare flag is the client's.
    case true:
      return 'client';
    case 'none':
    case 'client':
    case 'server':
      return text;
    default:
      throw new UsageError(`invalid dry-run value (${text}): must be "none", "server", or "client"`);
  }
}

const dryRunSuffix: Readonly<Record<DryRun, string>> = {
  none: '',
  client: ' (dry run)',
  server: ' (server dry run)',
};

/** Prints one written object: `pod/web created`, or in the format of `-o`. */
export type PrintWritten = (kind: ResourceKind, object: KubeObject, verb: string) => Promise<void>;

/** @throws UsageError for a format that results cannot be printed in */
export function createWritePrinter(context: CommandContext, dryRun: DryRun): PrintWritten {
  const format = parseOutputFormat(context.flags.output, ['table', 'name', 'json', 'yaml', 'jsonpath']);
  if (format.kind === 'table') {
    return (kind, object, verb) =>
      context.print(`${kindName(kind)}/${object.metadata.name} ${verb}${dryRunSuffix[dryRun]}\n`);
  }
  const print = createObjectPrinter({ format, noHeaders: false, showManagedFields: false });
  return async (_kind, object) => context.print(await print(object));
}

/** A manifest with the resource it is of and the namespace it goes to. */
export interface Addressed {
  readonly kind: ResourceKind;
  readonly object: KubeObject;
  readonly source: string;
  readonly placeOf: Manifest['placeOf'];
}

/**
 * Finds the resource of a manifest and fills in the namespace.
 *
 * @throws UsageError when the device does not serve it or its namespace contradicts `--namespace`
 */
export async function address(manifest: Manifest, session: Session, context: CommandContext): Promise<Addressed> {
  const { object, source, placeOf } = manifest;
  const kind = await session.resources.findKind(object.apiVersion, object.kind);
  const given = object.metadata.namespace;
  if (!kind.namespaced) return { kind, object, source, placeOf };
  const asked = context.flags.namespace;
  if (given !== undefined && given !== '' && asked !== undefined && given !== asked) {
    throw new UsageError(
      `the namespace from the provided object "${given}" does not match the namespace "${asked}"`,
      `leave out --namespace, or use --namespace=${given}`,
    );
  }
  const namespace = given || session.namespace;
  return { kind, object: { ...object, metadata: { ...object.metadata, namespace } }, source, placeOf };
}

/**
 * Does `work` for each item; a failure is printed at once and does not stop the rest.
 *
 * @param doing what a person is told who waits: `applying`, with the count when there are several; nothing when left out
 * @returns the exit code: 0 when all went well, else 1
 */
export async function forEach<T>(
  items: readonly T[],
  context: CommandContext,
  work: (item: T) => Promise<void>,
  doing?: string,
): Promise<number> {
  if (doing === undefined || items.length === 0) return await workOnEach(items, context, work);
  return await context.terminal.during(doing, (activity) => {
    const show = (index: number): void => {
      if (items.length > 1) activity.show(`${doing} (${index + 1} of ${items.length})`);
    };
    return workOnEach(items, context, work, show);
  });
}

async function workOnEach<T>(
  items: readonly T[],
  context: CommandContext,
  work: (item: T) => Promise<void>,
  onBegin: (index: number) => void = () => {},
): Promise<number> {
  let failures = 0;
  for (const [index, item] of items.entries()) {
    onBegin(index);
    try {
      await work(item);
    } catch (error) {
      context.signal.throwIfAborted();
      failures++;
      const session = await context.session();
      const around = { device: session.transport.address, namespace: session.namespace };
      context.note(describeFailure(error, around));
    }
  }
  return failures === 0 ? 0 : 1;
}

/**
 * The failure with what was being done, `error when creating "pod.yaml"`, and where the fields stand that are refused. A usage
 * error says enough already.
 */
export function inContext(context: string, error: unknown, { placeOf }: Pick<Addressed, 'placeOf'>): Error {
  if (error instanceof UsageError) return error;
  const places = refusedFields(error).flatMap((field) => {
    const place = placeOf(field);
    return place === undefined ? [] : [`${place}: ${field}`];
  });
  return new FailureInContext(context, error, places);
}

/** The key of an object that was addressed. */
export function keyOf(object: KubeObject): { readonly namespace?: string; readonly name: string } {
  const { namespace, name = '' } = object.metadata;
  return namespace === undefined ? { name } : { namespace, name };
}
