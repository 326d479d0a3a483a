/** What a describer gets. It returns lines whose cells end in tabs; `alignTabs` makes columns of them. */
import type { Event } from '../../api/kinds/event.ts';
import type { KubeObject } from '../../api/meta.ts';

export interface DescribeInput<T extends KubeObject = KubeObject> {
  readonly object: T;
  /** Oldest first; undefined when they were not asked for. */
  readonly events: readonly Event[] | undefined;
  readonly nowMs: number;
}
