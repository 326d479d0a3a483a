/** Reads `pods`, `pods web db`, `pods,nodes`, `pod/web node/vm`: which resources and which names a command means. */
import { UsageError } from '../usage-error.ts';
import type { ResourceFinder } from './resource-finder.ts';
import type { ResourceKind } from './resource-kind.ts';

/** One resource and the names asked for; no names means all of them. */
export interface ResourceSelection {
  readonly kind: ResourceKind;
  readonly names: readonly string[];
}

/**
 * What the arguments select, in their order.
 *
 * @throws UsageError in kubectl's words when they are mixed, empty or name nothing
 */
export async function parseResourceArgs(
  args: readonly string[],
  verb: string,
  finder: ResourceFinder,
): Promise<readonly ResourceSelection[]> {
  const [first, ...names] = args;
  if (first === undefined || first === '') {
    throw new UsageError(`you must specify the type of resource to ${verb}`, `for example: eli ${verb} pods`);
  }
  if (first.includes('/')) return await slashed(args, verb, finder);
  if (names.some((name) => name.includes('/'))) {
    throw new UsageError(
      'there is no need to specify a resource type as a separate argument when passing arguments in resource/name form',
      `for example: eli ${verb} ${names.find((name) => name.includes('/'))}`,
    );
  }
  const selections: ResourceSelection[] = [];
  for (const word of first.split(',').filter((part) => part !== '')) {
    const category = await finder.findCategory(word);
    if (category.length > 0) selections.push(...category.map((kind) => ({ kind, names })));
    else selections.push({ kind: await finder.find(word), names });
  }
  return selections;
}

async function slashed(
  args: readonly string[],
  verb: string,
  finder: ResourceFinder,
): Promise<readonly ResourceSelection[]> {
  const selections: ResourceSelection[] = [];
  for (const arg of args) {
    const [word = '', name = '', ...rest] = arg.split('/');
    if (word === '' || name === '' || rest.length > 0) {
      throw new UsageError(
        `arguments in resource/name form must have a single resource and name: "${arg}"`,
        `for example: eli ${verb} pod/web`,
      );
    }
    const kind = await finder.find(word);
    const last = selections.at(-1);
    // Neighbours of one kind share a table.
    if (last?.kind === kind) selections[selections.length - 1] = { kind, names: [...last.names, name] };
    else selections.push({ kind, names: [name] });
  }
  return selections;
}
