/** The volumes that are filled from one ConfigMap or Secret, directly and projected. */
import { configMaps, secrets } from '../../src/api/resources.ts';
import type { FileVolumes } from './file-volume-scenarios.ts';

export const configMapVolumes: FileVolumes = {
  area: 'configmap-volume',
  resource: configMaps,
  make: (on, texts) => on.configMap(texts),
  change: (texts) => ({ data: texts }),
  source: (name, options) => ({ configMap: { name, ...options } }),
};

export const secretVolumes: FileVolumes = {
  area: 'secret-volume',
  resource: secrets,
  make: (on, texts) => on.secret(texts),
  change: (texts) => ({
    data: Object.fromEntries(
      Object.entries(texts).map(([key, text]) => [key, text === null ? null : Buffer.from(text).toString('base64')]),
    ),
  }),
  source: (name, options) => ({ secret: { secretName: name, ...options } }),
};

export const projectedConfigMaps: FileVolumes = {
  ...configMapVolumes,
  area: 'projected-configmap',
  source: (name, { defaultMode, ...options }) => projected([{ configMap: { name, ...options } }], defaultMode),
};

export const projectedSecrets: FileVolumes = {
  ...secretVolumes,
  area: 'projected-secret',
  source: (name, { defaultMode, ...options }) => projected([{ secret: { name, ...options } }], defaultMode),
};

/** A projected volume. */
export function projected(
  sources: readonly Readonly<Record<string, unknown>>[],
  defaultMode?: number,
): Readonly<Record<string, unknown>> {
  return { projected: { sources, ...(defaultMode === undefined ? {} : { defaultMode }) } };
}
