/** `v1.Volume`: a name and exactly one source. */
import { defaulted, inline, message, object, quantity, required, string } from '../../../schema/field.ts';
import {
  configMapVolumeSource,
  downwardAPIVolumeSource,
  projectedVolumeSource,
  secretVolumeSource,
} from './projections.ts';
import { defaultVolumePullPolicy } from './pull-policy.ts';
import * as storage from './storage-sources.ts';
import { ephemeralVolumeSource, persistentVolumeClaimVolumeSource } from './volume-claim.ts';

const hostPathTypes = [
  '',
  'BlockDevice',
  'CharDevice',
  'Directory',
  'DirectoryOrCreate',
  'File',
  'FileOrCreate',
  'Socket',
];

const hostPathVolumeSource = message('io.k8s.api.core.v1.HostPathVolumeSource', {
  path: required(string(1, { doc: 'A path of the device.' })),
  type: defaulted(
    string(2, { pointer: true, oneOf: hostPathTypes, doc: 'What must be there; nothing is checked when empty.' }),
    '',
  ),
});

const emptyDirVolumeSource = message('io.k8s.api.core.v1.EmptyDirVolumeSource', {
  medium: string(1, { doc: 'Memory for a tmpfs.' }),
  sizeLimit: quantity(2, { pointer: true }),
});

const imageVolumeSource = message('io.k8s.api.core.v1.ImageVolumeSource', {
  reference: string(1),
  pullPolicy: defaulted(string(2, { oneOf: ['Always', 'IfNotPresent', 'Never'] }), defaultVolumePullPolicy),
});

const volumeSource = message('io.k8s.api.core.v1.VolumeSource', {
  hostPath: object(1, hostPathVolumeSource),
  emptyDir: object(2, emptyDirVolumeSource),
  gcePersistentDisk: object(3, storage.gcePersistentDiskVolumeSource),
  awsElasticBlockStore: object(4, storage.awsElasticBlockStoreVolumeSource),
  gitRepo: object(5, storage.gitRepoVolumeSource),
  secret: object(6, secretVolumeSource),
  nfs: object(7, storage.nfsVolumeSource),
  iscsi: object(8, storage.iscsiVolumeSource),
  glusterfs: object(9, storage.glusterfsVolumeSource),
  persistentVolumeClaim: object(10, persistentVolumeClaimVolumeSource),
  rbd: object(11, storage.rbdVolumeSource),
  flexVolume: object(12, storage.flexVolumeSource),
  cinder: object(13, storage.cinderVolumeSource),
  cephfs: object(14, storage.cephFSVolumeSource),
  flocker: object(15, storage.flockerVolumeSource),
  downwardAPI: object(16, downwardAPIVolumeSource),
  fc: object(17, storage.fcVolumeSource),
  azureFile: object(18, storage.azureFileVolumeSource),
  configMap: object(19, configMapVolumeSource),
  vsphereVolume: object(20, storage.vsphereVirtualDiskVolumeSource),
  quobyte: object(21, storage.quobyteVolumeSource),
  azureDisk: object(22, storage.azureDiskVolumeSource),
  photonPersistentDisk: object(23, storage.photonPersistentDiskVolumeSource),
  portworxVolume: object(24, storage.portworxVolumeSource),
  scaleIO: object(25, storage.scaleIOVolumeSource),
  projected: object(26, projectedVolumeSource),
  storageos: object(27, storage.storageOSVolumeSource),
  csi: object(28, storage.csiVolumeSource),
  ephemeral: object(29, ephemeralVolumeSource),
  image: object(30, imageVolumeSource),
});

export const volume = message('io.k8s.api.core.v1.Volume', {
  name: required(string(1, { doc: 'Name of the volume, a DNS label, unique in the pod.' })),
  volumeSource: inline(2, volumeSource),
});
