/** Looks at what the node's status depends on. */
import { describeError } from '../../lib/json-logger.ts';
import type { NodeObservation } from './compute-node.ts';

/** The runtime, as far as the node's condition needs it. */
export interface RuntimeHealth {
  version(signal: AbortSignal): Promise<{ readonly name: string; readonly version: string }>;
  status(signal: AbortSignal): Promise<{
    readonly runtime: { readonly ready: boolean; readonly message: string };
    readonly network: { readonly ready: boolean; readonly message: string };
  }>;
}

export interface ObserveNodeDeps {
  readonly runtime: RuntimeHealth;
  readonly readAddresses: () => readonly string[];
  readonly apiPort: number;
  readonly storeRecovered: boolean;
  readonly duplicates: () => NonNullable<NodeObservation['duplicates']>;
  readonly images: NodeObservation['images'];
  readonly hasMemoryCgroups: boolean;
  readonly pressures: () => NonNullable<NodeObservation['pressures']>;
}

/** How long the runtime may take to answer before it counts as down, in milliseconds. */
const answerWithinMs = 5_000;

/** Never throws: a runtime that does not answer is a problem that is told. */
export async function observeNode(deps: ObserveNodeDeps, signal: AbortSignal): Promise<NodeObservation> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(answerWithinMs)]);
  const problems: string[] = [];
  let runtimeVersion = '';
  try {
    const { name, version } = await deps.runtime.version(limit);
    runtimeVersion = `${name}://${version.replace(/^v/, '').replace(/[~+].*$/, '')}`;
    const { runtime, network } = await deps.runtime.status(limit);
    if (!runtime.ready) problems.push(`container runtime not ready: ${runtime.message}`);
    if (!network.ready) problems.push(`container runtime network not ready: ${network.message}`);
  } catch (error) {
    problems.push(`container runtime is down: ${describeError(error)}`);
  }
  const { apiPort, storeRecovered, images, hasMemoryCgroups } = deps;
  const addresses = deps.readAddresses();
  return {
    runtimeVersion,
    problems,
    addresses,
    apiPort,
    storeRecovered,
    duplicates: deps.duplicates(),
    images,
    pressures: deps.pressures(),
    hasMemoryCgroups,
  };
}
