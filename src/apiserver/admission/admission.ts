import type { Admission, AdmissionCheck } from '../registry/admission.ts';
import { admitLimitRange, checkLimitRange } from './limit-range.ts';
import { admitPriority } from './priority.ts';
import { admitRuntimeClass } from './runtime-class.ts';
import { admitServiceAccount } from './service-account.ts';

/** The steps of admission, in their order. Adding one adds a line here. */
export const admission: readonly Admission[] = [admitLimitRange, admitServiceAccount, admitPriority, admitRuntimeClass];

/** What a new object must keep to beyond its own validation. */
export const admissionChecks: readonly AdmissionCheck[] = [checkLimitRange];
