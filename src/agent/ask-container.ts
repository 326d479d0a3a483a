/** What probes and hooks of a container have in common: how they ask, and where they say what was wrong. */
import type { Pod } from '../api/kinds/pod/types.ts';
import type { Clock } from '../lib/clock.ts';
import type { Runtime } from '../runtime/runtime.ts';

export interface AskContainerDeps {
  readonly clock: Clock;
  readonly execSync: Runtime['execSync'];
  readonly record: (
    pod: Pod,
    event: { readonly type: 'Warning'; readonly reason: string; readonly message: string; readonly container: string },
  ) => void;
  /** Of every HTTP request, for example `kube-probe/1.35`. */
  readonly userAgent: string;
}
