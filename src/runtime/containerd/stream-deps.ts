/** What exec, attach and port-forward over containerd are given. */
import type { Clock } from '../../lib/clock.ts';
import type { KeyedMutex } from '../../lib/keyed-mutex.ts';
import type { Logger } from '../../lib/logger.ts';
import type { ContainerId } from '../runtime.ts';
import type { GrpcClient } from './grpc/client.ts';

export interface StreamDeps {
  /** Calls of `methods.ts`; `criRuntime.attach` and `.portForward` answer with a URL on loopback, good for one use. */
  readonly grpc: GrpcClient;
  readonly clock: Clock;
  readonly log: Logger;
  /** A directory for FIFOs, ours alone; made by its user with mode 0700 when missing. */
  readonly fifoDirectory: string;
  /** Who lets a held container begin; by container. */
  readonly holds: KeyedMutex;
  /** Begins the id of every exec of this process, and of no other's: tells those under way from a former one's. */
  readonly execPrefix: string;
  /**
   * Runs `start` while it holds one of the container's sandbox's places for exec starts: more than a few at once
   * stall the pod's shim for seconds. Hold it from `Tasks.Exec` to the answer of `Tasks.Start`, not longer.
   */
  readonly withExecStart: <T>(container: ContainerId, start: () => Promise<T>, signal: AbortSignal) => Promise<T>;
}
