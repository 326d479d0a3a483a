/** Rules for the containers of a pod: those of each kind, and those that all obey. */
import { checkDnsLabel } from '../../../names.ts';
import {
  duplicateValue,
  forbidden,
  invalidValue,
  requiredValue,
  unsupportedValue,
} from '../../../schema/field-error.ts';
import type { FieldError } from '../../../schema/kind.ts';
import { complaints, notFound } from '../../common/checks.ts';
import type { Container, EphemeralContainer, PodSpec } from '../types.ts';
import { validateEnv, validateEnvFrom } from './env.ts';
import { validateVolumeDevices, validateVolumeMounts } from './mounts.ts';
import { validateHostPorts, validatePorts } from './ports.ts';
import { validateLifecycle, validateLivenessProbe, validateReadinessProbe, validateStartupProbe } from './probes.ts';
import { validateResources } from './resources.ts';
import { validateSecurityContext } from './security.ts';

export function validateContainers(spec: PodSpec, path: string): FieldError[] {
  const { containers = [], initContainers = [], ephemeralContainers = [] } = spec;
  return [
    ...containers.flatMap((container, index) => validateMain(container, spec, `${path}.containers[${index}]`)),
    ...validateHostPorts(containers, `${path}.containers`),
    ...initContainers.flatMap((container, index) => validateInit(container, spec, `${path}.initContainers[${index}]`)),
    ...ephemeralContainers.flatMap((container, index) =>
      validateEphemeral(container, spec, `${path}.ephemeralContainers[${index}]`),
    ),
    ...validateNamesAcross(spec, path),
  ];
}

/** Names repeated within one list are reported by its field table; these are repeated in another list. */
function validateNamesAcross(
  { containers = [], initContainers = [], ephemeralContainers = [] }: PodSpec,
  path: string,
): FieldError[] {
  const inContainers = new Set(containers.map(({ name }) => name));
  const inBoth = new Set([...inContainers, ...initContainers.map(({ name }) => name)]);
  const repeated = (name: string, taken: ReadonlySet<string>, at: string): FieldError[] =>
    name && taken.has(name) ? [duplicateValue(`${at}.name`, name)] : [];
  return [
    ...initContainers.flatMap(({ name }, i) => repeated(name, inContainers, `${path}.initContainers[${i}]`)),
    ...ephemeralContainers.flatMap(({ name }, i) => repeated(name, inBoth, `${path}.ephemeralContainers[${i}]`)),
  ];
}

function validateMain(container: Container, spec: PodSpec, path: string): FieldError[] {
  return [
    ...validateCommon(container, spec, path),
    ...validateRunning(container, spec, path),
    // Kubernetes 1.35 allows it behind a gate that is still young; accepting it without acting on it would be worse.
    ...(container.restartPolicy === undefined
      ? []
      : [forbidden(`${path}.restartPolicy`, 'may not be set for non-init containers')]),
  ];
}

function validateInit(container: Container, spec: PodSpec, path: string): FieldError[] {
  const { restartPolicy } = container;
  const isSidecar = restartPolicy === 'Always';
  const runningOnly = ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const;
  return [
    ...validateCommon(container, spec, path),
    ...(restartPolicy === undefined || isSidecar
      ? []
      : [unsupportedValue(`${path}.restartPolicy`, restartPolicy, ['Always'])]),
    // Init containers run one by one, so only one's own ports can collide.
    ...validateHostPorts([container], path.replace(/\[\d+\]$/, '')),
    ...(isSidecar
      ? validateRunning(container, spec, path)
      : runningOnly
          .filter((key) => container[key] !== undefined)
          .map((key) =>
            forbidden(`${path}.${key}`, 'may not be set for init containers without restartPolicy=Always'),
          )),
  ];
}

function validateEphemeral(container: EphemeralContainer, spec: PodSpec, path: string): FieldError[] {
  const words = 'cannot be set for an Ephemeral Container';
  const refused = [
    'ports',
    'livenessProbe',
    'readinessProbe',
    'startupProbe',
    'lifecycle',
    'resizePolicy',
    'restartPolicy',
    'restartPolicyRules',
  ] as const;
  const { targetContainerName: target } = container;
  const names = [...(spec.containers ?? []), ...(spec.initContainers ?? [])].map(({ name }) => name);
  return [
    ...validateCommon(container, spec, path),
    ...refused.filter((key) => container[key] !== undefined).map((key) => forbidden(`${path}.${key}`, words)),
    ...(Object.keys(container.resources ?? {}).length > 0 ? [forbidden(`${path}.resources`, words)] : []),
    ...(container.volumeMounts ?? []).flatMap((mount, index) =>
      (['subPath', 'subPathExpr'] as const)
        .filter((key) => mount[key])
        .map((key) => forbidden(`${path}.volumeMounts[${index}].${key}`, words)),
    ),
    ...(target && !names.includes(target) ? [notFound(`${path}.targetContainerName`, target)] : []),
  ];
}

/** Probes and hooks make sense for containers that go on running. */
function validateRunning(container: Container, spec: PodSpec, path: string): FieldError[] {
  const grace = spec.terminationGracePeriodSeconds;
  return [
    ...validateLifecycle(container.lifecycle, grace, `${path}.lifecycle`),
    ...validateLivenessProbe(container.livenessProbe, `${path}.livenessProbe`),
    ...validateReadinessProbe(container.readinessProbe, `${path}.readinessProbe`),
    ...validateStartupProbe(container.startupProbe, `${path}.startupProbe`),
  ];
}

function validateCommon(container: Container, spec: PodSpec, path: string): FieldError[] {
  const { name = '', image = '' } = container;
  return [
    ...(name === '' ? [] : complaints(`${path}.name`, name, checkDnsLabel(name))),
    ...(image === '' ? [requiredValue(`${path}.image`)] : []),
    ...(image === image.trim()
      ? []
      : [invalidValue(`${path}.image`, image, 'must not have leading or trailing whitespace')]),
    ...validatePorts(container.ports ?? [], `${path}.ports`),
    ...validateEnv(container.env ?? [], `${path}.env`),
    ...validateEnvFrom(container.envFrom ?? [], `${path}.envFrom`),
    ...validateVolumeMounts(container, spec.volumes ?? [], `${path}.volumeMounts`),
    ...validateVolumeDevices(container, spec.volumes ?? [], `${path}.volumeDevices`),
    ...validateResources(container.resources ?? {}, `${path}.resources`),
    ...validateSecurityContext(container.securityContext, `${path}.securityContext`),
    ...(container.restartPolicyRules === undefined
      ? []
      : [forbidden(`${path}.restartPolicyRules`, 'restart rules are not supported by this node')]),
  ];
}
