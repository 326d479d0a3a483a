/**
 * containerd's configuration, from one table for its three generations: 1.6 and 1.7 read version 2, 2.x reads
 * version 3, in which CRI's plug-in is split and some keys have moved. Seen running with 1.6; the others follow
 * their documentation and are not tried.
 */
import { StatusError } from '../../../lib/status-error.ts';

export interface ContainerdConfigInput {
  readonly version: ContainerdVersion;
  readonly root: string;
  readonly state: string;
  readonly socketPath: string;
  readonly sandboxImage: string;
  readonly snapshotter: string;
  readonly cniConfigDirectory: string;
  readonly cniBinaryDirectories: readonly string[];
  readonly registryDirectory: string;
  /** True where the kernel refuses to lower oom_score_adj (no CAP_SYS_RESOURCE). */
  readonly restrictOomScoreAdj: boolean;
}

export interface ContainerdVersion {
  readonly major: number;
  readonly minor: number;
}

type Value = string | number | boolean | readonly string[];
type Section = Readonly<Record<string, Value>>;

/** Plug-ins a device has no use for. `opt` would make /opt/containerd, `restart` wakes every ten seconds. */
const disabledPlugins = [
  'io.containerd.snapshotter.v1.aufs',
  'io.containerd.snapshotter.v1.blockfile',
  'io.containerd.snapshotter.v1.btrfs',
  'io.containerd.snapshotter.v1.devmapper',
  'io.containerd.snapshotter.v1.erofs',
  'io.containerd.snapshotter.v1.zfs',
  'io.containerd.internal.v1.opt',
  'io.containerd.internal.v1.restart',
  'io.containerd.monitor.container.v1.restart',
];

/** Reads `containerd --version`: `containerd github.com/containerd/containerd 1.6.20~ds1 1.6.20~ds1-1+b1`. */
export function parseContainerdVersion(text: string): ContainerdVersion {
  const match = /\bv?(\d+)\.(\d+)\.\d+/.exec(text);
  if (match?.[1] === undefined || match[2] === undefined) {
    throw new StatusError('Invalid', `cannot read containerd's version in "${text.trim()}"`);
  }
  const version = { major: Number(match[1]), minor: Number(match[2]) };
  if (version.major < 1 || (version.major === 1 && version.minor < 6)) {
    throw new StatusError('Invalid', `containerd ${version.major}.${version.minor} is too old: 1.6 or newer is needed`);
  }
  return version;
}

/** The configuration as TOML. The same input gives the same text, so that a change can be seen. */
export function containerdConfig(input: ContainerdConfigInput): string {
  const isSplit = input.version.major >= 2;
  const top: Section = {
    version: isSplit ? 3 : 2,
    root: input.root,
    state: input.state,
    disabled_plugins: disabledPlugins,
  };
  const common: readonly (readonly [string, Section])[] = [
    ['grpc', { address: input.socketPath }],
    ['debug', { level: 'warn' }],
  ];
  const sections = [...common, ...(isSplit ? splitSections(input) : criSections(input))];
  return [assignments(top), ...sections.map(([name, section]) => `[${name}]\n${assignments(section)}`)].join('\n');
}

/** Of containerd 1.6 and 1.7. */
function criSections(input: ContainerdConfigInput): readonly (readonly [string, Section])[] {
  const cri = plugin('io.containerd.grpc.v1.cri');
  const { minor } = input.version;
  return [
    [cri, { sandbox_image: input.sandboxImage, ...streaming, ...behaviour(input) }],
    [`${cri}.containerd`, { snapshotter: input.snapshotter, ...unpacking, ...runtimes }],
    ...runc(cri),
    [`${cri}.cni`, { ...cni(input), bin_dir: input.cniBinaryDirectories[0] ?? '' }],
    [`${cri}.registry`, { config_path: input.registryDirectory }],
    ...(minor >= 7 ? [[plugin('io.containerd.nri.v1.nri'), { disable: true }] as const] : []),
  ];
}

/** Of containerd 2.x. */
function splitSections(input: ContainerdConfigInput): readonly (readonly [string, Section])[] {
  const images = plugin('io.containerd.cri.v1.images');
  const runtime = plugin('io.containerd.cri.v1.runtime');
  const [firstDirectory = ''] = input.cniBinaryDirectories;
  // 2.1 takes several directories and deprecates the one.
  const binaries =
    input.version.major === 2 && input.version.minor === 0
      ? { bin_dir: firstDirectory }
      : { bin_dirs: input.cniBinaryDirectories };
  return [
    [images, { snapshotter: input.snapshotter, ...unpacking }],
    [`${images}.pinned_images`, { sandbox: input.sandboxImage }],
    [`${images}.registry`, { config_path: input.registryDirectory }],
    [runtime, behaviour(input)],
    [`${runtime}.containerd`, runtimes],
    ...runc(runtime),
    [`${runtime}.cni`, { ...cni(input), ...binaries }],
    [plugin('io.containerd.grpc.v1.cri'), streaming],
    [plugin('io.containerd.nri.v1.nri'), { disable: true }],
  ];
}

/** CRI's server of attach and port-forward: on loopback, at any free port. */
const streaming: Section = { disable_tcp_service: true, stream_server_address: '127.0.0.1', stream_server_port: '0' };

/** Kept, as unpacking again after a power cut needs them and there may be no network. */
const unpacking: Section = { discard_unpacked_layers: false };

const runtimes: Section = { default_runtime_name: 'runc' };

function behaviour(input: ContainerdConfigInput): Section {
  return {
    restrict_oom_score_adj: input.restrictOomScoreAdj,
    tolerate_missing_hugetlb_controller: true,
    max_container_log_line_size: 16384,
  };
}

function runc(parent: string): readonly (readonly [string, Section])[] {
  return [
    [`${parent}.containerd.runtimes.runc`, { runtime_type: 'io.containerd.runc.v2' }],
    // Pod cgroups are paths (`/eliot/…`), not systemd slices.
    [`${parent}.containerd.runtimes.runc.options`, { SystemdCgroup: false }],
  ];
}

function cni(input: ContainerdConfigInput): Section {
  return { conf_dir: input.cniConfigDirectory, max_conf_num: 1 };
}

function plugin(id: string): string {
  return `plugins.${quote(id)}`;
}

function assignments(section: Section): string {
  return Object.entries(section)
    .map(([key, value]) => `${key} = ${toToml(value)}\n`)
    .join('');
}

function toToml(value: Value): string {
  if (typeof value === 'string') return quote(value);
  if (typeof value === 'object') return `[${value.map(quote).join(', ')}]`;
  return String(value);
}

/** JSON's escapes of a string are a part of TOML's. */
function quote(text: string): string {
  return JSON.stringify(text);
}
