/** Security settings of a pod and of one container. */
import { bool, defaulted, int64, list, message, object, required, scalars, string } from '../../../schema/field.ts';

const capabilities = message('io.k8s.api.core.v1.Capabilities', {
  add: list(1, scalars.string),
  drop: list(2, scalars.string),
});

const seLinuxOptions = message('io.k8s.api.core.v1.SELinuxOptions', {
  user: string(1),
  role: string(2),
  type: string(3),
  level: string(4),
});

const windowsSecurityContextOptions = message('io.k8s.api.core.v1.WindowsSecurityContextOptions', {
  gmsaCredentialSpecName: string(1, { pointer: true }),
  gmsaCredentialSpec: string(2, { pointer: true }),
  runAsUserName: string(3, { pointer: true }),
  hostProcess: bool(4, { pointer: true }),
});

const profileTypes = ['Localhost', 'RuntimeDefault', 'Unconfined'];

const seccompProfile = message('io.k8s.api.core.v1.SeccompProfile', {
  type: required(string(1, { oneOf: profileTypes })),
  localhostProfile: string(2, { pointer: true }),
});

const appArmorProfile = message('io.k8s.api.core.v1.AppArmorProfile', {
  type: required(string(1, { oneOf: profileTypes })),
  localhostProfile: string(2, { pointer: true }),
});

/** `v1.SecurityContext`: of one container; wins over the pod's. */
export const securityContext = message('io.k8s.api.core.v1.SecurityContext', {
  capabilities: object(1, capabilities),
  privileged: bool(2, { pointer: true }),
  seLinuxOptions: object(3, seLinuxOptions),
  windowsOptions: object(10, windowsSecurityContextOptions),
  runAsUser: int64(4, { pointer: true }),
  runAsGroup: int64(8, { pointer: true }),
  runAsNonRoot: bool(5, { pointer: true }),
  readOnlyRootFilesystem: bool(6, { pointer: true }),
  allowPrivilegeEscalation: bool(7, { pointer: true }),
  procMount: string(9, { pointer: true, oneOf: ['Default', 'Unmasked'] }),
  seccompProfile: object(11, seccompProfile),
  appArmorProfile: object(12, appArmorProfile),
});

const sysctl = message('io.k8s.api.core.v1.Sysctl', {
  name: required(string(1)),
  value: defaulted(string(2), ''),
});

/** `v1.PodSecurityContext`: of all containers of a pod, and of its volumes. */
export const podSecurityContext = message('io.k8s.api.core.v1.PodSecurityContext', {
  seLinuxOptions: object(1, seLinuxOptions),
  windowsOptions: object(8, windowsSecurityContextOptions),
  runAsUser: int64(2, { pointer: true }),
  runAsGroup: int64(6, { pointer: true }),
  runAsNonRoot: bool(3, { pointer: true }),
  supplementalGroups: list(4, scalars.int64),
  supplementalGroupsPolicy: string(12, { pointer: true, oneOf: ['Merge', 'Strict'] }),
  fsGroup: int64(5, { pointer: true, doc: 'Group that owns the volumes.' }),
  sysctls: list(7, sysctl),
  fsGroupChangePolicy: string(9, { pointer: true, oneOf: ['Always', 'OnRootMismatch'] }),
  seccompProfile: object(10, seccompProfile),
  appArmorProfile: object(11, appArmorProfile),
  seLinuxChangePolicy: string(13, { pointer: true, oneOf: ['MountOption', 'Recursive'] }),
});
