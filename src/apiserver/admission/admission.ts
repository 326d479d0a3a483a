import type { Admission } from '../registry/admission.ts';
import { admitPriority } from './priority.ts';
import { admitRuntimeClass } from './runtime-class.ts';
import { admitServiceAccount } from './service-account.ts';

/** The steps of admission, in their order. Adding one adds a line here. */
export const admission: readonly Admission[] = [admitServiceAccount, admitPriority, admitRuntimeClass];
