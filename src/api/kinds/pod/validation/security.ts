/** Rules for the security settings of pods and containers. */
import { duplicateValue, invalidValue, requiredValue } from '../../../schema/field-error.ts';
import type { FieldError } from '../../../schema/kind.ts';
import { checkDescendingPath, checkId, complaints, tooLong } from '../../common/checks.ts';
import type { AppArmorProfile, PodSpec, SeccompProfile, SecurityContext } from '../types.ts';

export function validatePodSecurityContext(spec: PodSpec, path: string): FieldError[] {
  const { securityContext: context = {} } = spec;
  return [
    ...(['fsGroup', 'runAsUser', 'runAsGroup'] as const).flatMap((key) => validateId(context[key], `${path}.${key}`)),
    ...(context.supplementalGroups ?? []).flatMap((group, index) =>
      validateId(group, `${path}.supplementalGroups[${index}]`),
    ),
    ...validateSysctls(spec, `${path}.sysctls`),
    ...validateSeccomp(context.seccompProfile, `${path}.seccompProfile`),
    ...validateAppArmor(context.appArmorProfile, `${path}.appArmorProfile`),
  ];
}

export function validateSecurityContext(context: SecurityContext | undefined, path: string): FieldError[] {
  if (context === undefined) return [];
  const { allowPrivilegeEscalation, privileged, capabilities, procMount } = context;
  const refuse = (words: string): FieldError => invalidValue(path, context, words);
  return [
    ...(['runAsUser', 'runAsGroup'] as const).flatMap((key) => validateId(context[key], `${path}.${key}`)),
    // User namespaces are never used here, and without them an unmasked /proc would be the device's.
    ...(procMount === 'Unmasked'
      ? [invalidValue(`${path}.procMount`, procMount, '`hostUsers` must be false to use `Unmasked`')]
      : []),
    ...validateSeccomp(context.seccompProfile, `${path}.seccompProfile`),
    ...validateAppArmor(context.appArmorProfile, `${path}.appArmorProfile`),
    ...(allowPrivilegeEscalation === false && privileged === true
      ? [refuse('cannot set `allowPrivilegeEscalation` to false and `privileged` to true')]
      : []),
    ...(allowPrivilegeEscalation === false && capabilities?.add?.includes('CAP_SYS_ADMIN')
      ? [refuse('cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN')]
      : []),
  ];
}

function validateId(id: number | undefined, path: string): FieldError[] {
  return id === undefined ? [] : complaints(path, id, checkId(id));
}

function validateSeccomp(profile: SeccompProfile | undefined, path: string): FieldError[] {
  if (profile?.type === undefined) return [];
  const { type, localhostProfile: file } = profile;
  const at = `${path}.localhostProfile`;
  if (type !== 'Localhost') {
    return file === undefined ? [] : [invalidValue(at, profile, 'can only be set when seccomp type is Localhost')];
  }
  return file === undefined
    ? [requiredValue(at, 'must be set when seccomp type is Localhost')]
    : complaints(at, file, checkDescendingPath(file));
}

/** The longest path that Linux takes, without its final zero. */
const maxProfileBytes = 4095;

function validateAppArmor(profile: AppArmorProfile | undefined, path: string): FieldError[] {
  if (profile?.type === undefined) return [];
  const { type, localhostProfile: name } = profile;
  const at = `${path}.localhostProfile`;
  if (type !== 'Localhost') {
    return name === undefined ? [] : [invalidValue(at, name, 'can only be set when AppArmor type is Localhost')];
  }
  if (name === undefined || name === '') return [requiredValue(at, 'must be set when AppArmor type is Localhost')];
  return [
    ...(name === name.trim() ? [] : [invalidValue(at, name, 'must not be padded with whitespace')]),
    ...(Buffer.byteLength(name) > maxProfileBytes ? [tooLong(at, maxProfileBytes)] : []),
  ];
}

const sysctlName = '([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?';
const maxSysctlName = 253;

function validateSysctls({ securityContext, hostNetwork, hostIPC }: PodSpec, path: string): FieldError[] {
  const seen = new Set<string>();
  return (securityContext?.sysctls ?? []).flatMap(({ name = '' }, index) => {
    const at = `${path}[${index}].name`;
    if (name === '') return [];
    const isWellFormed = name.length <= maxSysctlName && new RegExp(`^${sysctlName}$`).test(name);
    const isRepeated = seen.has(name);
    seen.add(name);
    const space = namespaceOf(name);
    return [
      ...(isWellFormed
        ? []
        : [invalidValue(at, name, `must have at most ${maxSysctlName} characters and match regex ^${sysctlName}$`)]),
      ...(isWellFormed && isRepeated ? [duplicateValue(at, name)] : []),
      ...(hostNetwork === true && space === 'net'
        ? [invalidValue(at, name, "may not be specified when 'hostNetwork' is true")]
        : []),
      ...(hostIPC === true && space === 'ipc'
        ? [invalidValue(at, name, "may not be specified when 'hostIPC' is true")]
        : []),
    ];
  });
}

/** Which of the kernel's namespaces a sysctl belongs to; undefined when it is the device's. */
function namespaceOf(name: string): 'net' | 'ipc' | undefined {
  const dotted = name.replaceAll('/', '.');
  if (dotted.startsWith('net.')) return 'net';
  return /^(kernel\.(sem$|shm|msg)|fs\.mqueue\.)/.test(dotted) ? 'ipc' : undefined;
}
