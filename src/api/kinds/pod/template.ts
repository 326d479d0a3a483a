/** `v1.PodTemplateSpec`: pods as their owner makes them. What every kind with a template shares. */

import { type LabelSelectorObject, labelSelectorFromObject, matchesLabels } from '../../labels.ts';
import type { ObjectOf } from '../../schema/field.ts';
import { message } from '../../schema/field.ts';
import { forbidden, invalidValue, unsupportedValue } from '../../schema/field-error.ts';
import type { FieldError } from '../../schema/kind.ts';
import { validateAnnotations, validateLabelSelector, validateLabels } from '../common/labels-validation.ts';
import { always, metadata } from '../common/object-fields.ts';
import { podSpec } from './fields/pod-spec.ts';
import { normalizePodSpec } from './normalize.ts';
import { validatePipes } from './pipes.ts';
import { validatePodSpec } from './validation/spec.ts';

/** `v1.PodTemplateSpec`. */
export const podTemplateSpec = message('io.k8s.api.core.v1.PodTemplateSpec', {
  metadata,
  spec: always(2, podSpec, 'What the pods shall be.'),
});

export type PodTemplateSpec = ObjectOf<typeof podTemplateSpec>;

/**
 * The template with the defaults that look at several fields. Requests from limits are left out, as in Kubernetes:
 * they are the pod's.
 */
export function normalizeTemplate(template: PodTemplateSpec): PodTemplateSpec {
  return { ...template, spec: normalizePodSpec(template.spec) };
}

/** Rules for a template whose pods are kept running (ValidatePodTemplateSpecForReplicaSet). */
export function validateLastingTemplate(
  template: PodTemplateSpec,
  selector: LabelSelectorObject | undefined,
  path: string,
): FieldError[] {
  const { labels = {}, annotations } = template.metadata;
  const { restartPolicy, activeDeadlineSeconds, ephemeralContainers = [] } = template.spec;
  return [
    ...(selector === undefined || isSelected(selector, labels)
      ? []
      : [invalidValue(`${path}.metadata.labels`, labels, '`selector` does not match template `labels`')]),
    ...validateLabels(labels, `${path}.metadata.labels`),
    ...validateAnnotations(annotations, `${path}.metadata.annotations`),
    ...validatePipes(template, `${path}.`),
    ...validatePodSpec(template.spec, `${path}.spec`),
    ...(ephemeralContainers.length > 0
      ? [forbidden(`${path}.spec.ephemeralContainers`, 'ephemeral containers not allowed in pod template')]
      : []),
    ...(restartPolicy === 'Always' ? [] : [unsupportedValue(`${path}.spec.restartPolicy`, restartPolicy, ['Always'])]),
    ...(activeDeadlineSeconds === undefined
      ? []
      : [forbidden(`${path}.spec.activeDeadlineSeconds`, 'activeDeadlineSeconds in ReplicaSet is not Supported')]),
  ];
}

/** A selector must select something in particular. The words are those of Kubernetes, for ReplicaSets too. */
export function validateOwnersSelector(selector: LabelSelectorObject | undefined, path: string): FieldError[] {
  // A missing one is reported by the field table.
  if (selector === undefined) return [];
  const isEmpty =
    Object.keys(selector.matchLabels ?? {}).length === 0 && (selector.matchExpressions ?? []).length === 0;
  return [
    ...validateLabelSelector(selector, path),
    ...(isEmpty ? [invalidValue(path, selector, 'empty selector is invalid for deployment')] : []),
  ];
}

/** False too for a selector that cannot be read; its own errors say why. */
function isSelected(selector: LabelSelectorObject, labels: Readonly<Record<string, string>>): boolean {
  try {
    return matchesLabels(labelSelectorFromObject(selector), labels);
  } catch {
    return true;
  }
}
