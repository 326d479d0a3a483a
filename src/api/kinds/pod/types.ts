/** TypeScript types of a pod and its parts, derived from the field tables. */
import type { ObjectOf } from '../../schema/field.ts';
import type { ObjectOfKind } from '../../schema/kind.ts';
import type { container, containerPort, ephemeralContainer, volumeMount } from './fields/container.ts';
import type { envFromSource, envVar } from './fields/env.ts';
import type { podFields } from './fields/pod.ts';
import type { podSpec } from './fields/pod-spec.ts';
import type { containerState, containerStatus, podStatus } from './fields/pod-status.ts';
import type { lifecycle, probe } from './fields/probe.ts';
import type { resourceRequirements } from './fields/resources.ts';
import type { affinity, toleration } from './fields/scheduling.ts';
import type { podSecurityContext, securityContext } from './fields/security.ts';
import type { volume } from './fields/volume.ts';

export type Pod = ObjectOfKind<typeof podFields>;
export type PodSpec = ObjectOf<typeof podSpec>;
export type PodStatus = ObjectOf<typeof podStatus>;
export type PodCondition = ItemOf<PodStatus['conditions']>;

export type Container = ObjectOf<typeof container>;
export type EphemeralContainer = ObjectOf<typeof ephemeralContainer>;
export type ContainerPort = ObjectOf<typeof containerPort>;
export type EnvVar = ObjectOf<typeof envVar>;
export type EnvVarSource = NonNullable<EnvVar['valueFrom']>;
export type EnvFromSource = ObjectOf<typeof envFromSource>;
export type VolumeMount = ObjectOf<typeof volumeMount>;
export type ResourceRequirements = ObjectOf<typeof resourceRequirements>;
export type Probe = ObjectOf<typeof probe>;
export type Lifecycle = ObjectOf<typeof lifecycle>;
export type LifecycleHandler = NonNullable<Lifecycle['postStart']>;
export type SecurityContext = ObjectOf<typeof securityContext>;
export type PodSecurityContext = ObjectOf<typeof podSecurityContext>;
export type Capabilities = NonNullable<SecurityContext['capabilities']>;
export type SeccompProfile = NonNullable<SecurityContext['seccompProfile']>;
export type AppArmorProfile = NonNullable<SecurityContext['appArmorProfile']>;

export type Volume = ObjectOf<typeof volume>;
export type HostPathVolumeSource = NonNullable<Volume['hostPath']>;
export type EmptyDirVolumeSource = NonNullable<Volume['emptyDir']>;
export type ConfigMapVolumeSource = NonNullable<Volume['configMap']>;
export type SecretVolumeSource = NonNullable<Volume['secret']>;
export type DownwardAPIVolumeSource = NonNullable<Volume['downwardAPI']>;
export type ProjectedVolumeSource = NonNullable<Volume['projected']>;
export type KeyToPath = ItemOf<ConfigMapVolumeSource['items']>;

export type ContainerStatus = ObjectOf<typeof containerStatus>;
export type ContainerState = ObjectOf<typeof containerState>;
export type ContainerStateTerminated = NonNullable<ContainerState['terminated']>;
export type ContainerStateWaiting = NonNullable<ContainerState['waiting']>;
export type ContainerStateRunning = NonNullable<ContainerState['running']>;

export type HostAlias = ItemOf<PodSpec['hostAliases']>;
export type PodDNSConfig = NonNullable<PodSpec['dnsConfig']>;
export type Affinity = ObjectOf<typeof affinity>;
export type Toleration = ObjectOf<typeof toleration>;

type ItemOf<L> = NonNullable<L> extends readonly (infer T)[] ? T : never;
