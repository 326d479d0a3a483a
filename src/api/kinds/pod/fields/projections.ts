/** Volumes made of API data: ConfigMaps, Secrets, fields of the pod, tokens; alone or projected together. */
import {
  bool,
  defaulted,
  inline,
  int32,
  int64,
  list,
  map,
  message,
  object,
  required,
  scalars,
  string,
} from '../../../schema/field.ts';
import { labelSelector, localObjectReference } from '../../common/references.ts';
import { objectFieldSelector, resourceFieldSelector } from './env.ts';

/** Octal 0644. */
const defaultFileMode = 0o644;

const keyToPath = message('io.k8s.api.core.v1.KeyToPath', {
  key: required(string(1)),
  path: required(string(2)),
  mode: int32(3, { pointer: true }),
});

const downwardAPIVolumeFile = message('io.k8s.api.core.v1.DownwardAPIVolumeFile', {
  path: required(string(1)),
  fieldRef: object(2, objectFieldSelector, { atomic: true }),
  resourceFieldRef: object(3, resourceFieldSelector, { atomic: true }),
  mode: int32(4, { pointer: true }),
});

export const secretVolumeSource = message('io.k8s.api.core.v1.SecretVolumeSource', {
  secretName: required(string(1)),
  items: list(2, keyToPath, { doc: 'The keys to show and their paths; all keys when empty.' }),
  defaultMode: defaulted(int32(3, { pointer: true }), defaultFileMode),
  optional: bool(4, { pointer: true }),
});

export const configMapVolumeSource = message('io.k8s.api.core.v1.ConfigMapVolumeSource', {
  localObjectReference: inline(1, localObjectReference),
  items: list(2, keyToPath, { doc: 'The keys to show and their paths; all keys when empty.' }),
  defaultMode: defaulted(int32(3, { pointer: true }), defaultFileMode),
  optional: bool(4, { pointer: true }),
});

export const downwardAPIVolumeSource = message('io.k8s.api.core.v1.DownwardAPIVolumeSource', {
  items: list(1, downwardAPIVolumeFile),
  defaultMode: defaulted(int32(2, { pointer: true }), defaultFileMode),
});

const secretProjection = message('io.k8s.api.core.v1.SecretProjection', {
  localObjectReference: inline(1, localObjectReference),
  items: list(2, keyToPath),
  optional: bool(4, { pointer: true }),
});

const configMapProjection = message('io.k8s.api.core.v1.ConfigMapProjection', {
  localObjectReference: inline(1, localObjectReference),
  items: list(2, keyToPath),
  optional: bool(4, { pointer: true }),
});

const downwardAPIProjection = message('io.k8s.api.core.v1.DownwardAPIProjection', {
  items: list(1, downwardAPIVolumeFile),
});

const serviceAccountTokenProjection = message('io.k8s.api.core.v1.ServiceAccountTokenProjection', {
  audience: string(1),
  expirationSeconds: defaulted(int64(2, { pointer: true }), 3600),
  path: required(string(3)),
});

const clusterTrustBundleProjection = message('io.k8s.api.core.v1.ClusterTrustBundleProjection', {
  name: string(1, { pointer: true }),
  signerName: string(2, { pointer: true }),
  labelSelector: object(3, labelSelector, { atomic: true }),
  optional: bool(5, { pointer: true }),
  path: required(string(4)),
});

const podCertificateProjection = message('io.k8s.api.core.v1.PodCertificateProjection', {
  signerName: required(string(1)),
  keyType: required(string(2)),
  maxExpirationSeconds: int32(3, { pointer: true }),
  credentialBundlePath: string(4),
  keyPath: string(5),
  certificateChainPath: string(6),
  userAnnotations: map(7, scalars.string),
});

const volumeProjection = message('io.k8s.api.core.v1.VolumeProjection', {
  secret: object(1, secretProjection),
  downwardAPI: object(2, downwardAPIProjection),
  configMap: object(3, configMapProjection),
  serviceAccountToken: object(4, serviceAccountTokenProjection),
  clusterTrustBundle: object(5, clusterTrustBundleProjection),
  podCertificate: object(6, podCertificateProjection),
});

export const projectedVolumeSource = message('io.k8s.api.core.v1.ProjectedVolumeSource', {
  sources: list(1, volumeProjection),
  defaultMode: defaulted(int32(2, { pointer: true }), defaultFileMode),
});
