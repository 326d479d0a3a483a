/** `eli rollout undo`: a Deployment's template as it was in an earlier revision. */
import { lastAppliedAnnotation } from '../../api/last-applied.ts';
import { deployments } from '../../api/resources.ts';
import type { CommandContext } from '../context.ts';
import { isSameTemplate, withoutHash } from '../describe/pod-template.ts';
import { kindName, resourceName } from '../resources/resource-kind.ts';
import { UsageError } from '../usage-error.ts';
import { rolloutSelection } from './rollout-change.ts';
import { kindWithGroup, parseRevision, templateText } from './rollout-history.ts';
import { type DeploymentRevisions, type Rolling, readRevisions, revisionAnnotation } from './rollout-revisions.ts';
import { type SelectionFlags, selectedKey, selectObjects } from './select-objects.ts';
import { createWritePrinter, forEach, parseDryRun } from './write-result.ts';

export interface RolloutUndoFlags extends SelectionFlags {
  readonly toRevision?: string;
  readonly dryRun?: string | boolean;
  readonly fieldManager?: string;
}

/** What a Deployment keeps of its own when it returns; all others come from the revision. */
const keptAnnotations = [
  lastAppliedAnnotation,
  revisionAnnotation,
  'deployment.kubernetes.io/revision-history',
  'deployment.kubernetes.io/desired-replicas',
  'deployment.kubernetes.io/max-replicas',
  'deprecated.deployment.rollback.to',
];

/** Returns the Deployments that arguments or manifests name to a revision; resolves with the exit code. */
export async function runRolloutUndo(
  args: readonly string[],
  flags: RolloutUndoFlags,
  context: CommandContext,
): Promise<number> {
  const toRevision = parseRevision(flags.toRevision, '--to-revision');
  const dryRun = parseDryRun(flags.dryRun);
  const print = createWritePrinter(context, dryRun);
  const selected = await selectObjects(args, rolloutSelection(args, flags), 'undo', context);
  const { client } = await context.session();
  return await forEach(selected, context, async (one) => {
    const { kind } = one;
    const key = selectedKey(one);
    if (resourceName(kind) !== 'deployments.apps') {
      await client.get(kind, key, context.signal);
      throw new UsageError(`no rollbacker has been implemented for "${kindWithGroup(kind)}"`);
    }
    const found = await readRevisions(key, context);
    const { deployment } = found;
    if (deployment.metadata.annotations?.[lastAppliedAnnotation] !== undefined) {
      context.note(
        `Warning: resource ${kindName(kind)}/${one.name} was made by "apply". What was applied last stays on record as ` +
          'it is, so the next apply may bring this revision back: better apply the earlier manifest.',
      );
    }
    const target = computeTarget(found, toRevision);
    if (dryRun === 'client') return await print(kind, deployment, templateText(target.spec.template));
    if (deployment.spec.paused) {
      throw new UsageError(
        "you cannot rollback a paused deployment; resume it first with 'eli rollout resume' and try again",
      );
    }
    if (isSameTemplate(target.spec.template, deployment.spec.template)) {
      const skipped = `skipped rollback (current template already matches revision ${toRevision})`;
      return await print(kind, deployment, skipped);
    }
    const options = { fieldManager: flags.fieldManager ?? 'eli-rollout', dryRun: dryRun === 'server' };
    const patched = await client.patch<Rolling>(deployments, key, 'json', computeUndo(deployment, target), options);
    await print(kind, patched, 'rolled back');
  });
}

/**
 * The ReplicaSet to return to: that of `toRevision`, or with 0 the last but one.
 *
 * @throws UsageError in kubectl's words when there is none
 */
export function computeTarget({ deployment, revisions }: DeploymentRevisions, toRevision: number): Rolling {
  const target = toRevision === 0 ? [...revisions.values()].at(-2) : revisions.get(toRevision);
  if (target !== undefined) return target;
  throw new UsageError(
    toRevision === 0
      ? `no rollout history found for deployment "${deployment.metadata.name}"`
      : `unable to find specified revision ${toRevision} in history`,
  );
}

/** The JSON patch that gives `deployment` the template of `target`, and its annotations but for its own. */
export function computeUndo(deployment: Rolling, target: Rolling): readonly object[] {
  const isKept = ([key]: readonly [string, string]): boolean => keptAnnotations.includes(key);
  const own = Object.entries(deployment.metadata.annotations ?? {}).filter(isKept);
  const theirs = Object.entries(target.metadata.annotations ?? {}).filter((entry) => !isKept(entry));
  return [
    { op: 'replace', path: '/spec/template', value: withoutHash(target.spec.template) },
    // "add" replaces too, and one that has none has no such path.
    { op: 'add', path: '/metadata/annotations', value: Object.fromEntries([...own, ...theirs]) },
  ];
}
