/** What the limit ranges of its namespace make of a new pod, as Kubernetes' LimitRanger admission does. */
import type { LimitRange } from '../../api/kinds/limit-range.ts';
import type { Pod } from '../../api/kinds/pod/types.ts';
import { applyLimitRangeDefaults } from '../../api/limit-range/apply-defaults.ts';
import { findLimitViolations } from '../../api/limit-range/find-violations.ts';
import type { KubeObject } from '../../api/meta.ts';
import { limitRanges } from '../../api/resources.ts';
import type { Admission, AdmissionCheck, AdmissionTools } from '../registry/admission.ts';
import { forbidden } from '../registry/errors.ts';
import { isPod } from '../registry/removal.ts';

/** Gives containers that ask for nothing the defaults. */
export const admitLimitRange: Admission = async (kind, object, tools) => {
  if (!isPod(kind)) return object;
  return applyLimitRangeDefaults(object as Pod, await rangesFor(object, tools));
};

/** Refuses a pod that is outside the bounds of a limit range; the first one that says so is named by its bounds. */
export const checkLimitRange: AdmissionCheck = async (kind, object, tools) => {
  if (!isPod(kind)) return;
  for (const limitRange of await rangesFor(object, tools)) {
    const violations = findLimitViolations(object as Pod, limitRange);
    if (violations.length === 0) continue;
    const why = violations.length === 1 ? (violations[0] ?? '') : `[${violations.join(', ')}]`;
    throw forbidden(kind, object.metadata.name ?? '', why);
  }
};

function rangesFor({ metadata }: KubeObject, { list }: Pick<AdmissionTools, 'list'>): Promise<readonly LimitRange[]> {
  return list<LimitRange>(limitRanges, metadata.namespace);
}
