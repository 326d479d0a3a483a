/** Opens objects in an editor until what was saved is accepted, or given up. */
import type { KubeObject } from '../../api/meta.ts';
import { findKindByName } from '../../api/scheme.ts';
import { isStatusError } from '../../lib/status-error.ts';
import { threeWayPatch } from '../apply/three-way-patch.ts';
import type { CommandContext } from '../context.ts';
import { describeFailure } from '../failure.ts';
import { parseManifests } from '../manifests/parse-manifests.ts';
import { toJson, toYaml, withoutManagedFields } from '../printers/serialize.ts';
import { type ResourceKind, resourceName } from '../resources/resource-kind.ts';
import { UsageError } from '../usage-error.ts';
import { type EditReason, headerText, isEmptyEdit, reasonOf, withoutHeader } from './edit-text.ts';
import { type EditedFile, openInEditor } from './editor.ts';

export interface EditItem {
  readonly kind: ResourceKind;
  readonly object: KubeObject;
}

export interface EditOptions {
  readonly format: 'yaml' | 'json';
  readonly fieldManager: string;
  /** Prints each patch that is sent. */
  readonly outputPatch: boolean;
  readonly print: (item: EditItem, result: 'edited' | 'skipped') => Promise<void>;
}

/** Resolves with the exit code: 0 when everything was saved, or nothing was to be. */
export async function editObjects(
  items: readonly EditItem[],
  options: EditOptions,
  context: CommandContext,
): Promise<number> {
  const { io } = context;
  const isYaml = options.format === 'yaml';
  const original = await textOf(items, isYaml);
  let text = original;
  let reasons: readonly EditReason[] = [];
  let last: EditedFile | undefined;
  for (;;) {
    const header = isYaml ? headerText(reasons) : '';
    const edited = await openInEditor(header + text, `.${options.format}`, io).catch((error: unknown) => {
      if (last !== undefined) context.note(`A copy of your changes has been stored to ${JSON.stringify(last.path)}`);
      throw error;
    });
    const body = withoutHeader(edited.text);
    const isSame = body === withoutHeader(text);
    if (last !== undefined) await io.files.removeFile(last.path);
    last = edited;
    if (reasons.length > 0 && isSame)
      throw await failure(edited, context, 'Edit cancelled, no valid changes were saved.');
    if (body === withoutHeader(original) || isEmptyEdit(edited.text)) {
      await io.files.removeFile(edited.path);
      context.note(
        isEmptyEdit(edited.text) ? 'Edit cancelled, saved file was empty.' : 'Edit cancelled, no changes made.',
      );
      return 0;
    }
    const outcome = await save(edited, items, options, context);
    if (outcome.kind === 'saved') {
      await io.files.removeFile(edited.path);
      return 0;
    }
    if (outcome.kind === 'failed') return 1;
    ({ reasons } = outcome);
    text = body;
    // A JSON file has no place for reasons.
    if (!isYaml) for (const { head, details } of reasons) context.note([`error: ${head}`, ...details].join('\n  '));
  }
}

async function textOf(items: readonly EditItem[], isYaml: boolean): Promise<string> {
  const objects = items.map(({ object }) => withoutManagedFields(object));
  const [first] = objects;
  const value = objects.length === 1 ? first : { apiVersion: 'v1', kind: 'List', metadata: {}, items: objects };
  return isYaml ? await toYaml(value) : toJson(value);
}

type SaveOutcome =
  | { readonly kind: 'saved' }
  /** Said already, and the file is kept. */
  | { readonly kind: 'failed' }
  | { readonly kind: 'again'; readonly reasons: readonly EditReason[] };

async function save(
  edited: EditedFile,
  items: readonly EditItem[],
  options: EditOptions,
  context: CommandContext,
): Promise<SaveOutcome> {
  let changed: readonly KubeObject[];
  try {
    changed = parseManifests(edited.text, edited.path).map(({ object }) => object);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return { kind: 'again', reasons: [{ head: `The edited file had a syntax error: ${error.message}`, details: [] }] };
  }
  const reasons: EditReason[] = [];
  let isFailed = false;
  for (const object of changed) {
    const item = items.find((one) => one.object.metadata.uid === object.metadata.uid);
    if (item === undefined || !isSameIdentity(item.object, object)) {
      throw await failure(edited, context, 'At least one of apiVersion, kind and name was changed');
    }
    try {
      await saveOne(item, object, options, context);
    } catch (error) {
      const subject = `${resourceName(item.kind)} "${object.metadata.name}"`;
      const reason = reasonOf(error, subject);
      if (reason !== undefined) {
        context.note(`error: ${subject} is invalid`);
        reasons.push(reason);
        continue;
      }
      isFailed = true;
      context.signal.throwIfAborted();
      context.note(await whyNot(error, subject, context));
    }
  }
  if (isFailed) {
    context.note(`A copy of your changes has been stored to ${JSON.stringify(edited.path)}`);
    context.hint(`  eli replace -f ${edited.path} tries this change again`);
    return { kind: 'failed' };
  }
  return reasons.length > 0 ? { kind: 'again', reasons } : { kind: 'saved' };
}

function isSameIdentity(a: KubeObject, b: KubeObject): boolean {
  return (
    a.apiVersion === b.apiVersion &&
    a.kind === b.kind &&
    a.metadata.name === b.metadata.name &&
    a.metadata.namespace === b.metadata.namespace
  );
}

async function saveOne(
  item: EditItem,
  edited: KubeObject,
  { outputPatch, fieldManager, print }: EditOptions,
  context: CommandContext,
): Promise<void> {
  const before = withoutManagedFields(item.object);
  const type = findKindByName(before.apiVersion, before.kind)?.fields;
  const patch = threeWayPatch(type, { original: before, modified: edited, current: before });
  if (Object.keys(patch).length === 0) return await print(item, 'skipped');
  if (outputPatch) await context.print(`Patch: ${JSON.stringify(patch)}\n`);
  const { client } = await context.session();
  const { namespace, name = '' } = before.metadata;
  const key = namespace === undefined ? { name } : { namespace, name };
  const object = await client.patch<KubeObject>(item.kind, key, type === undefined ? 'merge' : 'strategic', patch, {
    fieldManager,
  });
  await print({ ...item, object }, 'edited');
}

async function whyNot(error: unknown, subject: string, context: CommandContext): Promise<string> {
  if (isStatusError(error, 'NotFound')) return `error: ${subject} could not be found on the server`;
  const { transport, namespace } = await context.session();
  const why = describeFailure(error, { device: transport.address, namespace });
  return `error: ${subject} could not be patched: ${why.replace(/^(?:error|Error from server \(\w+\)): /, '')}`;
}

/** Says where the changes are kept, and gives the failure. */
async function failure({ path }: EditedFile, context: CommandContext, message: string): Promise<UsageError> {
  context.note(`A copy of your changes has been stored to ${JSON.stringify(path)}`);
  return new UsageError(message);
}
