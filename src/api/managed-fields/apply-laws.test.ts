/** What holds for server-side apply whatever is applied, by whom, in whatever order. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isStatusError } from '../../lib/status-error.ts';
import { arbitraryObject } from '../../testing/arbitrary-object.ts';
import { jsonEqual } from '../json-value.ts';
import { podFields } from '../kinds/pod/fields/pod.ts';
import type { KubeObject, ManagedFieldsEntry } from '../meta.ts';
import { decodeJson } from '../schema/decode-json.ts';
import { applyConfiguration } from './apply-configuration.ts';
import { problemsOfApplied } from './check-applied.ts';
import { compareFields } from './compare-fields.ts';
import { difference, emptySet, type FieldSet, intersection, isEmpty, sameFields, union } from './field-set.ts';
import { fieldsOf } from './fields-of.ts';
import { decodeFields } from './fields-v1.ts';
import { withoutServerKept, withoutUnwritten } from './ignored-fields.ts';
import { sameOwners } from './same-owners.ts';

const normalize = (object: KubeObject): KubeObject =>
  decodeJson(podFields, object, 'Pod').value as unknown as KubeObject;

/** Configurations that may be applied; small, so that they meet. */
const configuration: fc.Arbitrary<KubeObject> = arbitraryObject(podFields)
  .map(({ metadata, ...rest }): KubeObject => {
    const {
      managedFields: _,
      name: __,
      namespace: ___,
      resourceVersion: ____,
      ...others
    } = (metadata ?? {}) as Record<string, unknown>;
    const sent = { apiVersion: 'v1', kind: 'Pod', metadata: { ...others, name: 'web', namespace: 'default' }, ...rest };
    return decodeJson(podFields, sent, 'Pod', { keepsUnset: true }).value as unknown as KubeObject;
  })
  .filter((object) => problemsOfApplied(podFields, object).length === 0);

interface Step {
  readonly manager: string;
  readonly applied: KubeObject;
  readonly force: boolean;
}

const step: fc.Arbitrary<Step> = fc.record({
  manager: fc.constantFrom('a', 'b', 'c'),
  applied: configuration,
  force: fc.boolean(),
});
const history = fc.array(step, { minLength: 1, maxLength: 6 });

/** Without zero values: who owns an empty map owns nothing once it is stored, for it is gone then. */
const plainStep = step.map(({ applied, ...rest }): Step => ({ ...rest, applied: normalize(applied) }));
const plainHistory = fc.array(plainStep, { minLength: 1, maxLength: 6 });

function apply(live: KubeObject | undefined, { manager, applied, force }: Step, at = 0): KubeObject {
  const time = `2026-01-01T00:00:0${at}Z`;
  return applyConfiguration({
    type: podFields,
    live,
    applied,
    manager,
    force,
    time,
    normalize,
    complete: (object) => object,
  });
}

/** The object after all of them; what conflicts is left out. */
function replay(steps: readonly Step[]): KubeObject | undefined {
  return steps.reduce<KubeObject | undefined>((live, next) => tryApply(live, next) ?? live, undefined);
}

function tryApply(live: KubeObject | undefined, next: Step): KubeObject | undefined {
  try {
    return apply(live, next);
  } catch (error) {
    if (isStatusError(error, 'Conflict')) return undefined;
    throw error;
  }
}

const withoutOwners = ({ metadata, ...rest }: KubeObject): unknown => {
  const { managedFields: _, ...others } = metadata;
  return { ...rest, metadata: others };
};
const fieldsBy = ({ metadata }: KubeObject, ours: (entry: ManagedFieldsEntry) => boolean): FieldSet =>
  (metadata.managedFields ?? [])
    .filter(ours)
    .map(({ fieldsV1 }) => decodeFields(fieldsV1) ?? emptySet)
    .reduce(union, emptySet);
const owned = (set: FieldSet): FieldSet => withoutServerKept(withoutUnwritten(set, ''));

const runs = { numRuns: 150 };

describe('server-side apply', () => {
  it('applied again changes nothing, not even who owns what', () => {
    fc.assert(
      fc.property(history, step, (steps, last) => {
        const once = apply(replay(steps), { ...last, force: true });
        const again = apply(once, { ...last, force: false }, 1);
        assert.ok(jsonEqual(withoutOwners(again), withoutOwners(once)));
        assert.ok(sameOwners(again.metadata.managedFields, once.metadata.managedFields));
      }),
      runs,
    );
  });

  it('gives its manager what the configuration names, no more and no less', () => {
    fc.assert(
      fc.property(history, step, (steps, last) => {
        const after = apply(replay(steps), { ...last, force: true });
        const fields = fieldsBy(after, ({ manager }) => manager === last.manager);
        assert.ok(sameFields(fields, owned(fieldsOf(podFields, last.applied))));
      }),
      runs,
    );
  });

  it('without force touches nothing that others own', () => {
    fc.assert(
      fc.property(plainHistory, plainStep, (steps, last) => {
        const live = replay(steps);
        const after = tryApply(live, { ...last, force: false });
        if (live === undefined || after === undefined) return;
        const { added, modified, removed } = compareFields(podFields, live, after);
        const others = fieldsBy(live, ({ manager }) => manager !== last.manager);
        assert.ok(isEmpty(intersection(owned(union(union(added, modified), removed)), others)));
        assert.ok(
          sameFields(
            fieldsBy(after, ({ manager }) => manager !== last.manager),
            others,
          ),
        );
      }),
      runs,
    );
  });

  it('removes only what its manager had applied and nobody else owns', () => {
    fc.assert(
      fc.property(plainHistory, plainStep, (steps, last) => {
        const live = replay(steps);
        if (live === undefined) return;
        const after = apply(live, { ...last, force: true });
        const { removed } = compareFields(podFields, live, after);
        const had = fieldsBy(live, ({ manager }) => manager === last.manager);
        const named = fieldsOf(podFields, last.applied);
        // What an atomic value held, and what stood for nothing but an empty struct, has no name of its own.
        const leaves = intersection(
          owned(removed),
          fieldsBy(live, () => true),
        );
        assert.ok(isEmpty(difference(difference(leaves, had), named)));
      }),
      runs,
    );
  });

  it('leaves an object of one applier as its last configuration says', () => {
    fc.assert(
      fc.property(fc.array(configuration, { minLength: 1, maxLength: 4 }), (configurations) => {
        const steps = configurations.map((applied) => ({ manager: 'a', applied, force: false }));
        const last = normalize(configurations.at(-1) as KubeObject);
        const result = replay(steps) as KubeObject;
        // Status is not written here, and what the server keeps is nobody's to remove.
        assert.ok(isEmpty(missing(last, result)));
        const { added } = compareFields(podFields, last, result);
        assert.ok(
          isEmpty(
            intersection(
              owned(added),
              fieldsBy(result, () => true),
            ),
          ),
        );
      }),
      runs,
    );
  });
});

/** What `wanted` says and `got` does not. */
function missing(wanted: KubeObject, got: KubeObject): FieldSet {
  const { modified, removed } = compareFields(podFields, wanted, got);
  return owned(union(modified, removed));
}
