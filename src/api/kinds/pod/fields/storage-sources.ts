/**
 * Volumes of storage systems and clouds. They are part of the vocabulary, so that a manifest that names one is
 * understood; the agent says which of them a device cannot mount.
 */
import {
  bool,
  defaulted,
  int32,
  list,
  map,
  message,
  object,
  required,
  scalars,
  string,
} from '../../../schema/field.ts';
import { localObjectReference } from '../../common/references.ts';

export const gcePersistentDiskVolumeSource = message('io.k8s.api.core.v1.GCEPersistentDiskVolumeSource', {
  pdName: required(string(1)),
  fsType: string(2),
  partition: int32(3),
  readOnly: bool(4),
});

export const awsElasticBlockStoreVolumeSource = message('io.k8s.api.core.v1.AWSElasticBlockStoreVolumeSource', {
  volumeID: required(string(1)),
  fsType: string(2),
  partition: int32(3),
  readOnly: bool(4),
});

export const gitRepoVolumeSource = message('io.k8s.api.core.v1.GitRepoVolumeSource', {
  repository: required(string(1)),
  revision: string(2),
  directory: string(3),
});

export const nfsVolumeSource = message('io.k8s.api.core.v1.NFSVolumeSource', {
  server: required(string(1)),
  path: required(string(2)),
  readOnly: bool(3),
});

export const iscsiVolumeSource = message('io.k8s.api.core.v1.ISCSIVolumeSource', {
  targetPortal: required(string(1)),
  iqn: required(string(2)),
  lun: defaulted(int32(3), 0),
  iscsiInterface: defaulted(string(4), 'default'),
  fsType: string(5),
  readOnly: bool(6),
  portals: list(7, scalars.string),
  chapAuthDiscovery: bool(8),
  chapAuthSession: bool(11),
  secretRef: object(10, localObjectReference, { atomic: true }),
  initiatorName: string(12, { pointer: true }),
});

export const glusterfsVolumeSource = message('io.k8s.api.core.v1.GlusterfsVolumeSource', {
  endpoints: required(string(1)),
  path: required(string(2)),
  readOnly: bool(3),
});

export const rbdVolumeSource = message('io.k8s.api.core.v1.RBDVolumeSource', {
  monitors: required(list(1, scalars.string)),
  image: required(string(2)),
  fsType: string(3),
  pool: defaulted(string(4), 'rbd'),
  user: defaulted(string(5), 'admin'),
  keyring: defaulted(string(6), '/etc/ceph/keyring'),
  secretRef: object(7, localObjectReference, { atomic: true }),
  readOnly: bool(8),
});

export const flexVolumeSource = message('io.k8s.api.core.v1.FlexVolumeSource', {
  driver: required(string(1)),
  fsType: string(2),
  secretRef: object(3, localObjectReference, { atomic: true }),
  readOnly: bool(4),
  options: map(5, scalars.string),
});

export const cinderVolumeSource = message('io.k8s.api.core.v1.CinderVolumeSource', {
  volumeID: required(string(1)),
  fsType: string(2),
  readOnly: bool(3),
  secretRef: object(4, localObjectReference, { atomic: true }),
});

export const cephFSVolumeSource = message('io.k8s.api.core.v1.CephFSVolumeSource', {
  monitors: required(list(1, scalars.string)),
  path: string(2),
  user: string(3),
  secretFile: string(4),
  secretRef: object(5, localObjectReference, { atomic: true }),
  readOnly: bool(6),
});

export const flockerVolumeSource = message('io.k8s.api.core.v1.FlockerVolumeSource', {
  datasetName: string(1),
  datasetUUID: string(2),
});

export const fcVolumeSource = message('io.k8s.api.core.v1.FCVolumeSource', {
  targetWWNs: list(1, scalars.string),
  lun: int32(2, { pointer: true }),
  fsType: string(3),
  readOnly: bool(4),
  wwids: list(5, scalars.string),
});

export const azureFileVolumeSource = message('io.k8s.api.core.v1.AzureFileVolumeSource', {
  secretName: required(string(1)),
  shareName: required(string(2)),
  readOnly: bool(3),
});

export const azureDiskVolumeSource = message('io.k8s.api.core.v1.AzureDiskVolumeSource', {
  diskName: required(string(1)),
  diskURI: required(string(2)),
  cachingMode: defaulted(string(3, { pointer: true }), 'ReadWrite'),
  fsType: defaulted(string(4, { pointer: true }), 'ext4'),
  readOnly: defaulted(bool(5, { pointer: true }), false),
  kind: defaulted(string(6, { pointer: true }), 'Shared'),
});

export const vsphereVirtualDiskVolumeSource = message('io.k8s.api.core.v1.VsphereVirtualDiskVolumeSource', {
  volumePath: required(string(1)),
  fsType: string(2),
  storagePolicyName: string(3),
  storagePolicyID: string(4),
});

export const quobyteVolumeSource = message('io.k8s.api.core.v1.QuobyteVolumeSource', {
  registry: required(string(1)),
  volume: required(string(2)),
  readOnly: bool(3),
  user: string(4),
  group: string(5),
  tenant: string(6),
});

export const photonPersistentDiskVolumeSource = message('io.k8s.api.core.v1.PhotonPersistentDiskVolumeSource', {
  pdID: required(string(1)),
  fsType: string(2),
});

export const portworxVolumeSource = message('io.k8s.api.core.v1.PortworxVolumeSource', {
  volumeID: required(string(1)),
  fsType: string(2),
  readOnly: bool(3),
});

export const scaleIOVolumeSource = message('io.k8s.api.core.v1.ScaleIOVolumeSource', {
  gateway: required(string(1)),
  system: required(string(2)),
  secretRef: object(3, localObjectReference, { atomic: true }),
  sslEnabled: bool(4),
  protectionDomain: string(5),
  storagePool: string(6),
  storageMode: defaulted(string(7), 'ThinProvisioned'),
  volumeName: required(string(8)),
  fsType: defaulted(string(9), 'xfs'),
  readOnly: bool(10),
});

export const storageOSVolumeSource = message('io.k8s.api.core.v1.StorageOSVolumeSource', {
  volumeName: string(1),
  volumeNamespace: string(2),
  fsType: string(3),
  readOnly: bool(4),
  secretRef: object(5, localObjectReference, { atomic: true }),
});

export const csiVolumeSource = message('io.k8s.api.core.v1.CSIVolumeSource', {
  driver: required(string(1)),
  readOnly: bool(2, { pointer: true }),
  fsType: string(3, { pointer: true }),
  volumeAttributes: map(4, scalars.string),
  nodePublishSecretRef: object(5, localObjectReference, { atomic: true }),
});
