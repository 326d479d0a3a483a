/**
 * Directories of the device in containers, as people write them: docker's `src:dst[:opts]`, the `type=,source=,…` of docker and
 * of the first Eliot, and the same as a map in its manifests. Pure.
 */
import type { Volume, VolumeMount } from '../../api/kinds/pod/types.ts';
import { UsageError } from '../usage-error.ts';

/** What is mounted, and how the container sees it. */
export interface MountSpec {
  readonly source: Pick<Volume, 'hostPath' | 'emptyDir'>;
  readonly mount: Omit<VolumeMount, 'name'>;
}

/** A mount as a map. */
export interface MountFields {
  readonly type?: string | undefined;
  readonly source?: string | undefined;
  readonly destination?: string | undefined;
  readonly options?: readonly string[] | undefined;
}

/** Options of mount(8) that containers know, and what Kubernetes calls them. Those that are so by default mean nothing. */
const optionMeanings: Readonly<Record<string, Partial<VolumeMount>>> = {
  ro: { readOnly: true },
  readonly: { readOnly: true },
  rw: {},
  bind: {},
  rbind: {},
  private: {},
  rprivate: {},
  slave: { mountPropagation: 'HostToContainer' },
  rslave: { mountPropagation: 'HostToContainer' },
  shared: { mountPropagation: 'Bidirectional' },
  rshared: { mountPropagation: 'Bidirectional' },
};

/**
 * Reads `/src:/dst[:opt,opt]`; both paths are absolute, on the device and in the container.
 *
 * @param subject begins messages: `invalid --bind "x"`, or the place of a field
 * @throws UsageError
 */
export function parseBind(text: string, subject: string): MountSpec {
  const [source = '', destination = '', options = '', ...rest] = text.split(':');
  if (rest.length > 0 || source === '' || destination === '') {
    throw new UsageError(subject, `written as SOURCE:DESTINATION[:OPTIONS], for example /data:/data:ro`);
  }
  return mountOf({ type: 'bind', source, destination, options: listOf(options, ',') }, subject);
}

/**
 * Reads `type=bind,source=/src,destination=/dst,options=ro:rprivate`, and the shorter words of docker: `src`, `dst`, `target`, and
 * `readonly` by itself.
 *
 * @throws UsageError
 */
export function parseMount(text: string, subject: string): MountSpec {
  const fields: { type?: string; source?: string; destination?: string } = {};
  const options: string[] = [];
  for (const part of listOf(text, ',')) {
    const [key = '', ...rest] = part.split('=');
    const value = rest.join('=');
    switch (key) {
      case 'type':
        fields.type = value;
        break;
      case 'source':
      case 'src':
        fields.source = value;
        break;
      case 'destination':
      case 'dst':
      case 'target':
        fields.destination = value;
        break;
      case 'options':
        options.push(...listOf(value, ':'));
        break;
      case 'readonly':
      case 'ro':
        if (value !== 'false' && value !== '0') options.push('ro');
        break;
      case 'tmpfs-size':
        options.push(`size=${value}`);
        break;
      default:
        throw new UsageError(`${subject}: "${key}" is not known`, 'known: type, source, destination, options');
    }
  }
  return mountOf({ ...fields, options }, subject);
}

/**
 * A mount of its parts: `bind` (the default) of a path of the device, or `tmpfs`, which is memory of the pod.
 *
 * @throws UsageError
 */
export function mountOf(
  { type = 'bind', source = '', destination = '', options = [] }: MountFields,
  subject: string,
): MountSpec {
  if (!destination.startsWith('/')) throw new UsageError(`${subject}: the destination must be an absolute path`);
  if (type === 'tmpfs') return tmpfs(destination, options, subject);
  if (type !== 'bind') {
    throw new UsageError(`${subject}: a mount of type "${type}" is not possible`, 'possible are bind and tmpfs');
  }
  if (!source.startsWith('/')) {
    throw new UsageError(
      `${subject}: the source must be an absolute path`,
      'it is a path on the device, not on this machine',
    );
  }
  const meanings = options.map((option) => {
    const meaning = optionMeanings[option];
    if (meaning !== undefined) return meaning;
    throw new UsageError(
      `${subject}: option "${option}" is not known`,
      `known: ${Object.keys(optionMeanings).join(', ')}`,
    );
  });
  // Without a type the runtime makes a directory of a path that is missing, as docker does with -v.
  return {
    source: { hostPath: { path: source, type: '' } },
    mount: Object.assign({ mountPath: destination }, ...meanings) as MountSpec['mount'],
  };
}

function tmpfs(destination: string, options: readonly string[], subject: string): MountSpec {
  let sizeLimit: string | undefined;
  let readOnly = false;
  for (const option of options) {
    const [key = '', value = ''] = option.split('=');
    if (key === 'size') sizeLimit = toQuantity(value);
    else if (optionMeanings[key]?.readOnly) readOnly = true;
    // How a file system in memory is mounted otherwise is the device's business.
    else if (!(key in optionMeanings) && !/^(?:mode|nosuid|nodev|noexec|exec|suid|dev)$/.test(key)) {
      throw new UsageError(`${subject}: option "${option}" is not known`, 'known for tmpfs: size=64m, ro');
    }
  }
  return {
    source: { emptyDir: { medium: 'Memory', ...(sizeLimit === undefined ? {} : { sizeLimit }) } },
    mount: { mountPath: destination, ...(readOnly ? { readOnly } : {}) },
  };
}

/** The volumes and mounts of one container; the same path of the device is one volume. */
export function volumesOf(specs: readonly MountSpec[]): {
  readonly volumes: readonly Volume[];
  readonly mounts: readonly VolumeMount[];
} {
  const volumes: Volume[] = [];
  const mounts = specs.map(({ source, mount }) => {
    const path = source.hostPath?.path;
    const known = path === undefined ? undefined : volumes.find((volume) => volume.hostPath?.path === path);
    const volume = known ?? ({ name: `mount-${volumes.length}`, ...source } as Volume);
    if (known === undefined) volumes.push(volume);
    return { name: volume.name, ...mount } as VolumeMount;
  });
  return { volumes, mounts };
}

/**
 * A size as docker writes it (`64m`, `1g`: powers of 1024) as a quantity of Kubernetes, where `m` is a thousandth; one of
 * Kubernetes (`64Mi`) stays as it is.
 */
export function toQuantity(size: string): string {
  const [, amount, unit = ''] = /^(\d+(?:\.\d+)?)([bkmg])b?$/i.exec(size) ?? [];
  if (amount === undefined || /^[MG]$/.test(unit)) return size;
  const units: Readonly<Record<string, string>> = { b: '', k: 'Ki', m: 'Mi', g: 'Gi' };
  return `${amount}${units[unit.toLowerCase()] ?? ''}`;
}

function listOf(text: string, separator: string): readonly string[] {
  return text.split(separator).filter((part) => part !== '');
}
