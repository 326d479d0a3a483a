/** How much a container may keep and write of its log: the device's settings, and the annotations of its pod. Pure. */
import type { Pod } from '../../../api/kinds/pod/types.ts';
import { integerValueOf } from '../../../api/quantity.ts';
import { parseQuantityParts } from '../../../api/quantity-parts.ts';

/** Bytes a second that all containers of the pod may write on average; a quantity, 0: no limit. */
const logRateAnnotation = 'eliot.run/log-rate';
/** `disk` or `memory`; counts from the next start of a container on. */
const logStorageAnnotation = 'eliot.run/log-storage';

export type LogStorage = 'disk' | 'memory';

/** The device's settings, in bytes. */
export interface LogSettings {
  /** KubeletConfiguration: a log is rotated when it is larger. */
  readonly containerLogMaxSize: number;
  /** KubeletConfiguration: files of one container's log, the one being written included. */
  readonly containerLogMaxFiles: number;
  /** Where logs lie unless the pod says otherwise. */
  readonly containerLogStorage: LogStorage;
  /** What one container's log may take in memory, all files together. */
  readonly containerLogMemory: number;
  /** Bytes a second of one pod; 0: no limit. */
  readonly podLogRate: number;
}

export interface LogLimits {
  readonly maxFileBytes: number;
  readonly maxFiles: number;
  /** Bytes a second of the whole pod; 0: no limit. */
  readonly bytesPerSecond: number;
  /** Bytes that the pod may write at once after a quiet time. */
  readonly burstBytes: number;
}

/** One file is written while another is kept: fewer would lose everything at each rotation. */
const filesInMemory = 2;

/** Annotations that say nothing valid are as if they were not there; `logAnnotationProblems` names them. */
export function logLimits(settings: LogSettings, pod: Pod | undefined, storage: LogStorage): LogLimits {
  const isInMemory = storage === 'memory';
  const maxFileBytes = isInMemory ? settings.containerLogMemory / filesInMemory : settings.containerLogMaxSize;
  return {
    maxFileBytes,
    maxFiles: isInMemory ? filesInMemory : settings.containerLogMaxFiles,
    bytesPerSecond: logRate(pod) ?? settings.podLogRate,
    burstBytes: maxFileBytes,
  };
}

export function logStorage(settings: Pick<LogSettings, 'containerLogStorage'>, pod: Pod): LogStorage {
  const asked = pod.metadata.annotations?.[logStorageAnnotation];
  return asked === 'disk' || asked === 'memory' ? asked : settings.containerLogStorage;
}

/** A sentence for each annotation of the pod that has no effect because its value is wrong. */
export function logAnnotationProblems(pod: Pod): readonly string[] {
  const { [logRateAnnotation]: rate, [logStorageAnnotation]: storage } = pod.metadata.annotations ?? {};
  const problems: string[] = [];
  if (rate !== undefined && logRate(pod) === undefined) {
    problems.push(`annotation ${logRateAnnotation}: "${rate}" is no number of bytes a second, for example 64Ki`);
  }
  if (storage !== undefined && storage !== 'disk' && storage !== 'memory') {
    problems.push(`annotation ${logStorageAnnotation}: "${storage}" is neither disk nor memory`);
  }
  return problems;
}

function logRate(pod: Pod | undefined): number | undefined {
  const text = pod?.metadata.annotations?.[logRateAnnotation];
  const parts = text === undefined ? undefined : parseQuantityParts(text);
  return parts === undefined || 'problem' in parts || parts.nanos < 0n ? undefined : integerValueOf(parts);
}
