/** Rules for the fields of a pod that belong to no single container (ValidatePodSpec). */
import { checkDnsLabel, checkDnsSubdomain, checkQualifiedName } from '../../../names.ts';
import { forbidden, invalidValue } from '../../../schema/field-error.ts';
import type { FieldError } from '../../../schema/kind.ts';
import { checkNonNegative, checkRange, complaints, maxId, tooLong } from '../../common/checks.ts';
import { validateLabels } from '../../common/labels-validation.ts';
import { maxKernelName } from '../kernel-name.ts';
import type { PodSpec } from '../types.ts';
import { validateContainers } from './containers.ts';
import { validateDns } from './dns.ts';
import { validateResources } from './resources.ts';
import { validateAffinity, validateTolerations, validateTopologySpread } from './scheduling.ts';
import { validatePodSecurityContext } from './security.ts';
import { validateVolumes } from './volumes.ts';

export function validatePodSpec(spec: PodSpec, path: string): FieldError[] {
  return [
    ...validateVolumes(spec.volumes ?? [], `${path}.volumes`),
    ...validateContainers(spec, path),
    ...validatePodResources(spec, `${path}.resources`),
    ...validateTimes(spec, path),
    ...validateHostNamespaces(spec, path),
    ...validatePodSecurityContext(spec, `${path}.securityContext`),
    ...validateLabels(spec.nodeSelector, `${path}.nodeSelector`),
    ...validateAffinity(spec.affinity, `${path}.affinity`),
    ...validateTolerations(spec.tolerations ?? [], `${path}.tolerations`),
    ...validateTopologySpread(spec.topologySpreadConstraints ?? [], `${path}.topologySpreadConstraints`),
    ...validateDns(spec, path),
    ...validateNames(spec, path),
    ...validateHostnameOverride(spec, `${path}.hostnameOverride`),
    ...validateGates(spec, path),
    ...validateResources({ limits: spec.overhead ?? {} }, `${path}.overhead`),
  ];
}

/** Names of other things: an empty one means none. */
function validateNames(spec: PodSpec, path: string): FieldError[] {
  const labels = ['hostname', 'subdomain'] as const;
  const subdomains = ['serviceAccountName', 'nodeName', 'priorityClassName', 'runtimeClassName'] as const;
  return [
    ...labels.flatMap((key) => (spec[key] ? complaints(`${path}.${key}`, spec[key], checkDnsLabel(spec[key])) : [])),
    ...subdomains.flatMap((key) =>
      spec[key] ? complaints(`${path}.${key}`, spec[key], checkDnsSubdomain(spec[key])) : [],
    ),
  ];
}

function validateHostnameOverride(spec: PodSpec, path: string): FieldError[] {
  const { hostnameOverride: name, setHostnameAsFQDN, hostNetwork } = spec;
  if (name === undefined) return [];
  return [
    ...complaints(path, name, checkDnsSubdomain(name)),
    ...(name.length > maxKernelName ? [tooLong(path, maxKernelName)] : []),
    ...(setHostnameAsFQDN ? [forbidden(path, 'may not be specified when setHostnameAsFQDN is true')] : []),
    ...(hostNetwork ? [forbidden(path, 'may not be specified when hostNetwork is true')] : []),
  ];
}

function validateTimes(spec: PodSpec, path: string): FieldError[] {
  const { activeDeadlineSeconds: deadline, terminationGracePeriodSeconds: grace = 0 } = spec;
  return [
    ...complaints(`${path}.terminationGracePeriodSeconds`, grace, checkNonNegative(grace)),
    ...(deadline === undefined
      ? []
      : complaints(`${path}.activeDeadlineSeconds`, deadline, checkRange(deadline, 1, maxId))),
  ];
}

/** What is shared with the device. */
function validateHostNamespaces(spec: PodSpec, path: string): FieldError[] {
  const containers = spec.hostNetwork === true ? (spec.containers ?? []) : [];
  return [
    ...containers.flatMap(({ ports = [] }, i) =>
      ports.flatMap(({ containerPort, hostPort = 0 }, j) =>
        hostPort === containerPort
          ? []
          : [
              invalidValue(
                `${path}.containers[${i}].ports[${j}].hostPort`,
                hostPort,
                'must match `containerPort` when `hostNetwork` is true',
              ),
            ],
      ),
    ),
    ...(spec.hostPID === true && spec.shareProcessNamespace === true
      ? [
          invalidValue(
            `${path}.securityContext.shareProcessNamespace`,
            true,
            'ShareProcessNamespace and HostPID cannot both be enabled',
          ),
        ]
      : []),
    // The runtime would ignore it and run the pod as root of the device (design D2).
    ...(spec.hostUsers === false
      ? [forbidden(`${path}.hostUsers`, 'user namespaces are not supported by the container runtime')]
      : []),
    ...(spec.os?.name === 'windows' ? [forbidden(`${path}.os.name`, 'this node runs linux')] : []),
  ];
}

/** Limits of the pod as a whole: CPU, memory and huge pages only. */
function validatePodResources({ resources }: PodSpec, path: string): FieldError[] {
  if (resources === undefined) return [];
  const names = [...Object.keys(resources.limits ?? {}), ...Object.keys(resources.requests ?? {})];
  const other = [...new Set(names)].filter((name) => !/^(cpu|memory|hugepages-.+)$/.test(name));
  return [
    ...(resources.claims === undefined
      ? []
      : [forbidden(`${path}.claims`, 'claims cannot be set for Resources at pod-level')]),
    ...other.map((name) => invalidValue(path, name, 'must be a standard resource for pods')),
    ...validateResources(resources, path),
  ];
}

function validateGates(spec: PodSpec, path: string): FieldError[] {
  const gates = spec.schedulingGates ?? [];
  return [
    ...(spec.readinessGates ?? []).flatMap(({ conditionType = '' }, index) =>
      conditionType === ''
        ? []
        : complaints(
            `${path}.readinessGates[${index}].conditionType`,
            conditionType,
            checkQualifiedName(conditionType),
          ),
    ),
    ...gates.flatMap(({ name = '' }, index) =>
      name === '' ? [] : complaints(`${path}.schedulingGates[${index}]`, name, checkQualifiedName(name)),
    ),
    ...(spec.nodeName && gates.length > 0
      ? [forbidden(`${path}.nodeName`, 'cannot be set until all schedulingGates have been cleared')]
      : []),
    ...(spec.resourceClaims ?? []).flatMap((claim, index) => {
      const at = `${path}.resourceClaims[${index}]`;
      const { resourceClaimName: own, resourceClaimTemplateName: template } = claim;
      if (own !== undefined && template !== undefined) {
        return [
          invalidValue(at, claim, 'at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified'),
        ];
      }
      if (own === undefined && template === undefined) {
        return [invalidValue(at, claim, 'must specify one of: `resourceClaimName`, `resourceClaimTemplateName`')];
      }
      return [];
    }),
  ];
}
