/** `eli explain`: what a kind and its fields mean, in the words of the device. */
import { isStatusError } from '../../lib/status-error.ts';
import type { CommandContext } from '../context.ts';
import { explainText, headText } from '../explaining/explain-text.ts';
import { type OpenApiDocument, type Schema, Schemas } from '../explaining/schema.ts';
import { parseOutputFormat } from '../printers/output-format.ts';
import { apiVersionOf, type ResourceKind } from '../resources/resource-kind.ts';
import { UsageError } from '../usage-error.ts';

export interface ExplainFlags {
  readonly recursive?: boolean;
  readonly apiVersion?: string;
}

/** Prints what it is about, for example of `pods.spec.containers`; resolves with the exit code. */
export async function runExplain(
  args: readonly string[],
  flags: ExplainFlags,
  context: CommandContext,
): Promise<number> {
  const [path] = args;
  if (path === undefined) {
    throw new UsageError(
      'You must specify the type of resource to explain. Use "eli api-resources" for a complete list of supported resources.',
    );
  }
  if (args.length > 1) throw new UsageError('We accept only this format: explain RESOURCE');
  parseOutputFormat(context.flags.output, ['table']);
  const [resource = '', ...fields] = path.split('.');
  const { rest, resources } = await context.session();
  const found = await resources.find(resource);
  const kind = flags.apiVersion === undefined ? found : inVersion(found, flags.apiVersion, await resources.all());
  const root = kind.group === '' ? 'api' : `apis/${kind.group}`;
  const document = await rest
    .json<OpenApiDocument>({ path: `/openapi/v3/${root}/${kind.version}`, signal: context.signal })
    .catch((cause: unknown) => {
      if (!isStatusError(cause, 'NotFound')) throw cause;
      throw new UsageError(`the device does not explain ${apiVersionOf(kind)}`, undefined, { cause });
    });
  const schemas = new Schemas(document);
  const schema = schemas.ofKind(kind);
  if (schema === undefined) throw new UsageError(`the device does not explain ${kind.kind}`);
  await context.print(headText(kind));
  const explained = {
    schema: descend(schemas, schema, fields),
    field: fields.at(-1),
    recursive: flags.recursive ?? false,
  };
  await context.print(explainText(schemas, explained));
  return 0;
}

function inVersion({ resource }: ResourceKind, apiVersion: string, all: readonly ResourceKind[]): ResourceKind {
  const found = all.find((kind) => kind.resource === resource && apiVersionOf(kind) === apiVersion);
  if (found !== undefined) return found;
  const groupVersion = apiVersion.includes('/') ? apiVersion : `/${apiVersion}`;
  throw new UsageError(`couldn't find resource for "${groupVersion}, Resource=${resource}"`);
}

/** @throws UsageError that names the field which does not exist */
function descend(schemas: Schemas, schema: Schema, fields: readonly string[]): Schema {
  return fields.reduce((parent, name) => {
    const field = schemas.field(parent, name);
    if (field === undefined) throw new UsageError(`field "${name}" does not exist`);
    return field;
  }, schema);
}
