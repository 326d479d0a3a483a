/** The field table of a whole pod. */
import { message } from '../../../schema/field.ts';
import { always, metadata } from '../../common/object-fields.ts';
import { podSpec } from './pod-spec.ts';
import { podStatus } from './pod-status.ts';

/** `v1.Pod`. */
export const podFields = message('io.k8s.api.core.v1.Pod', {
  metadata,
  spec: always(2, podSpec, 'What is wanted.'),
  status: always(3, podStatus, 'What was observed last.'),
});
