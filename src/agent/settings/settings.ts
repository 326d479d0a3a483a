/**
 * What an operator can set, with its defaults. Names that Kubernetes has are KubeletConfiguration's
 * (kubelet.config.k8s.io/v1beta1), so that what people know carries over and tests can reach every
 * threshold (design D15). `load-settings.ts` fills it from flags, environment and file.
 */
import * as v from 'valibot';
import { integerValueOf, parseQuantity } from '../../api/quantity.ts';
import { parseQuantityParts } from '../../api/quantity-parts.ts';
import { deviceSettings } from './device-settings.ts';
import { registriesSchema } from './registries.ts';
import { defaultEvictionHard, gracePeriods, reserved, thresholds } from './resource-settings.ts';

const isPort = (port: number): boolean => Number.isInteger(port) && port >= 0 && port <= 65_535;

/** `HOST:PORT` or `[V6]:PORT`; port 0 lets the kernel choose. */
const listenAddress = v.pipe(
  v.string(),
  v.title('HOST:PORT'),
  v.check((text) => {
    const match = /^(\[[0-9a-fA-F:.]+\]|[^:\s]+):(\d{1,5})$/.exec(text);
    return match !== null && isPort(Number(match[2]));
  }, 'must be HOST:PORT, for example 0.0.0.0:6443'),
);

const ipv4Cidr = v.pipe(
  v.string(),
  v.title('IPv4 network, /8 to /30'),
  v.check((text) => {
    const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(text);
    if (!match) return false;
    const [, a, b, c, d, bits] = match.map(Number);
    return [a, b, c, d].every((octet) => (octet ?? 256) <= 255) && (bits ?? 0) >= 8 && (bits ?? 33) <= 30;
  }, 'must be an IPv4 network of /8 to /30, for example 10.85.0.0/16'),
);

const absolutePath = v.pipe(
  v.string(),
  v.title('absolute path'),
  v.check((path) => path.startsWith('/') && !path.includes('\0'), 'must be an absolute path'),
);

const dnsSubdomain = v.pipe(
  v.string(),
  v.title('node name'),
  v.maxLength(253),
  v.regex(
    /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/,
    'must consist of lower case letters, digits, "-" and "." (a node name)',
  ),
);

const containerdAddress = v.pipe(
  v.string(),
  v.title('managed, or a path'),
  v.check((text) => text === 'managed' || text.startsWith('/'), 'must be "managed" or the path of a socket'),
);

/** A Linux interface name has at most 15 characters. */
const interfaceName = v.pipe(
  v.string(),
  v.title('interface name'),
  v.regex(/^[a-zA-Z0-9_.-]{1,15}$/, 'must be an interface name of at most 15 characters'),
);

/** A Go duration of whole units, for example `10s`, `5m` or `1h30m`; read into milliseconds. */
const duration = v.pipe(
  v.string(),
  v.title('duration'),
  v.regex(/^(\d+h)?(\d+m)?(\d+s)?(\d+ms)?$/, 'must be a duration such as 10s, 5m or 1h30m'),
  v.check((text) => text !== '', 'must be a duration such as 10s, 5m or 1h30m'),
  v.transform(parseDurationMs),
);

/** A quantity of bytes, for example `10Mi`; read into a number. */
const byteQuantity = v.pipe(
  v.string(),
  v.title('quantity of bytes'),
  v.check((text) => {
    const parts = parseQuantityParts(text);
    return !('problem' in parts) && parts.nanos >= 0n;
  }, 'must be a quantity of bytes such as 64Ki or 10Mi'),
  v.transform((text) => integerValueOf(parseQuantity(text))),
);
/** Less would be rotated at every few lines. */
const logSize = v.pipe(
  byteQuantity,
  v.check((bytes) => bytes >= 4_096, 'must be 4Ki or more'),
);

const positiveInteger = v.pipe(v.number(), v.title('integer, 1 or more'), v.integer(), v.minValue(1));
const percent = v.pipe(v.number(), v.title('integer, 0 to 100'), v.integer(), v.minValue(0), v.maxValue(100));
const integerOrNoLimit = v.pipe(v.number(), v.title('integer, -1 or more'), v.integer(), v.minValue(-1));
const labelMap = v.pipe(v.record(v.string(), v.string()), v.title('mapping, or K=V,K=V'));
const pairingCodePlace = v.pipe(v.picklist(['never', 'console', 'stdout']), v.title('never, console or stdout'));
const logLevel = v.pipe(v.picklist(['error', 'warn', 'info', 'debug']), v.title('error, warn, info or debug'));

const about = v.description;

/** Every key of the configuration file. The descriptions become `docs/reference/eliotd.md`. */
export const settingsSchema = v.strictObject({
  dataDir: v.optional(v.pipe(absolutePath, about('Everything that must outlive a reboot.')), '/var/lib/eliot'),
  runDir: v.optional(v.pipe(absolutePath, about('Everything that must not. On tmpfs.')), '/run/eliot'),
  listen: v.optional(
    v.pipe(listenAddress, about('Address of the API. Port 0 lets the kernel choose.')),
    '0.0.0.0:6443',
  ),
  containerd: v.optional(
    v.pipe(containerdAddress, about('Bring a containerd along, or use the one behind this socket.')),
    'managed',
  ),
  nodeName: v.optional(v.pipe(dnsSubdomain, about('Name of the node. Default: the host name.'))),
  labels: v.optional(v.pipe(labelMap, about('Labels of the node.')), {}),
  discovery: v.optional(
    v.pipe(v.boolean(), about('Announce the device on the local network. Accepted; has no effect in this version.')),
    true,
  ),
  podCidr: v.optional(v.pipe(ipv4Cidr, about('Network of the pods.')), '10.85.0.0/16'),
  bridge: v.optional(v.pipe(interfaceName, about('Bridge that the pods hang on.')), 'eliot0'),
  showPairingCode: v.optional(
    v.pipe(
      pairingCodePlace,
      about(
        'Where to show a pairing code at each start, until the first person has paired. Whoever reads it owns the device.',
      ),
    ),
    'never',
  ),
  logLevel: v.optional(v.pipe(logLevel, about('How much eliotd says on stderr.')), 'info'),

  // KubeletConfiguration
  staticPodPath: v.optional(v.pipe(absolutePath, about('Directory of manifests that the device runs by itself.'))),
  nodeStatusUpdateFrequency: v.optional(v.pipe(duration, about('Time between two looks at the node.')), '10s'),
  nodeStatusReportFrequency: v.optional(
    v.pipe(duration, about('Longest time between two reports of an unchanged node.')),
    '5m',
  ),
  maxPods: v.optional(v.pipe(positiveInteger, about('Pods that run on the node at most.')), 110),
  systemReserved: v.optional(
    v.pipe(reserved, about('Kept back from pods for the system: cpu, memory, ephemeral-storage, pid.')),
    {},
  ),
  kubeReserved: v.optional(v.pipe(reserved, about('Kept back from pods for eliotd and containerd.')), {}),
  evictionHard: v.optional(
    v.pipe(thresholds, about('When less than this is left, pods are evicted at once.')),
    defaultEvictionHard,
  ),
  evictionSoft: v.optional(
    v.pipe(thresholds, about('When less than this is left for its grace period, pods are evicted.')),
    {},
  ),
  evictionSoftGracePeriod: v.optional(
    v.pipe(gracePeriods(duration), about('How long a soft threshold must be met before a pod is evicted.')),
    {},
  ),
  evictionMaxPodGracePeriod: v.optional(
    v.pipe(
      v.number(),
      v.title('integer, 0 or more'),
      v.integer(),
      v.minValue(0),
      about('Seconds that a pod gets at most to end when a soft threshold evicts it.'),
    ),
    0,
  ),
  evictionMinimumReclaim: v.optional(
    v.pipe(thresholds, about('How much more than the threshold must be free again before eviction ends.')),
    {},
  ),
  evictionPressureTransitionPeriod: v.optional(
    v.pipe(duration, about('How long a pressure condition of the node outlasts its cause.')),
    '5m',
  ),
  podPidsLimit: v.optional(v.pipe(integerOrNoLimit, about('Processes in one pod at most; -1: no limit.')), -1),
  allowedUnsafeSysctls: v.optional(
    v.pipe(
      v.array(
        v.pipe(
          v.string(),
          v.title('list of sysctls'),
          v.regex(
            /^(kernel\.(shm|msg|sem)|fs\.mqueue\.|net\.)[\w./-]*\*?$/,
            'must be a sysctl of a pod, such as kernel.msg* or net.core.somaxconn',
          ),
        ),
      ),
      v.title('list of sysctls'),
      about('Sysctls that pods may set beside the safe ones; a * at the end stands for any ending.'),
    ),
    [],
  ),
  resolvConf: v.optional(
    v.pipe(absolutePath, about('The resolver configuration that pods get, also when it changes.')),
    '/etc/resolv.conf',
  ),
  maxParallelImagePulls: v.optional(v.pipe(positiveInteger, about('Image pulls that run at one time.')), 2),
  imageGCHighThresholdPercent: v.optional(
    v.pipe(percent, about('Disk usage from which on images that nothing wants are removed; 100: never.')),
    85,
  ),
  imageGCLowThresholdPercent: v.optional(v.pipe(percent, about('Disk usage down to which they are removed.')), 80),
  imageMinimumGCAge: v.optional(v.pipe(duration, about('An image younger than this is never removed.')), '2m'),
  imageMaximumGCAge: v.optional(
    v.pipe(
      duration,
      about('An image that nothing wanted for longer is removed whatever space there is. 0s: no limit.'),
    ),
    '0s',
  ),
  // the kubelet's ImageGCPeriod, which is fixed there
  imageGCPeriod: v.optional(v.pipe(duration, about('Time between two looks at the space that images take.')), '5m'),
  nodeStatusMaxImages: v.optional(
    v.pipe(integerOrNoLimit, about('Images that the status of the node names at most, the largest first; -1: all.')),
    50,
  ),
  // the kubelet's former --image-pull-progress-deadline
  imagePullProgressDeadline: v.optional(
    v.pipe(duration, about('A connection of a pull on which nothing arrives for so long is given up and made anew.')),
    '1m',
  ),
  // KubeControllerManagerConfiguration, where it is 12500
  terminatedPodGCThreshold: v.optional(
    v.pipe(
      v.number(),
      v.title('integer, 0 or more'),
      v.integer(),
      v.minValue(0),
      about('Finished pods that are kept; of more, evicted ones go first, then the oldest. 0: all are kept.'),
    ),
    100,
  ),
  // Eliot's own
  bundleDirectory: v.optional(
    v.pipe(
      absolutePath,
      about('Directory in which bundles that a trusted key has signed are applied, as a stick that is mounted there.'),
    ),
  ),
  trustedKeys: v.optional(
    v.pipe(
      absolutePath,
      about('Directory of public keys (.pem) whose bundles are trusted. Default: trusted-keys below dataDir.'),
    ),
  ),
  podQuota: v.optional(
    v.pipe(
      positiveInteger,
      about(
        'Pods that have not finished, running or waiting for room, at most; more are refused, as by a ResourceQuota. Default: twice maxPods.',
      ),
    ),
  ),
  registries: v.optional(
    v.pipe(
      registriesSchema,
      v.title('mapping by host'),
      about('How registries are reached: mirrors, ca, plainHttp, skipVerify, auth; see the guide on registries.'),
    ),
    {},
  ),
  presentImageWhenOffline: v.optional(
    v.pipe(
      v.boolean(),
      about('Under imagePullPolicy Always, run the image that is on the device when its registry cannot be reached.'),
    ),
    true,
  ),
  /** Upstream's crashLoopBackOff.maxContainerRestartPeriod. */
  maxContainerRestartPeriod: v.optional(
    v.pipe(duration, about('Longest wait before a container that keeps failing is started again.')),
    '5m',
  ),
  containerLogMaxSize: v.optional(v.pipe(logSize, about('Size at which the log of a container is rotated.')), '10Mi'),
  containerLogMaxFiles: v.optional(
    v.pipe(
      v.number(),
      v.title('integer, 2 or more'),
      v.integer(),
      v.minValue(2),
      about("Files of one container's log, the one being written included."),
    ),
    5,
  ),
  // Eliot's own: flash wears out
  containerLogStorage: v.optional(
    v.pipe(
      v.picklist(['disk', 'memory']),
      v.title('disk or memory'),
      about('Where logs lie. A pod says otherwise by the annotation eliot.run/log-storage.'),
    ),
    'disk',
  ),
  containerLogMemory: v.optional(
    v.pipe(logSize, about('What the log of one container may take when it lies in memory.')),
    '1Mi',
  ),
  podLogRate: v.optional(
    v.pipe(
      byteQuantity,
      about(
        'Bytes of log a second that a pod may write on average; more is dropped. 0: no limit. Annotation: eliot.run/log-rate.',
      ),
    ),
    '1Mi',
  ),
  auditLogStorage: v.optional(
    v.pipe(
      v.picklist(['disk', 'memory']),
      v.title('disk or memory'),
      about('Where the log of who changed what lies: audit/audit.log below dataDir, or below runDir.'),
    ),
    'disk',
  ),
  // kube-apiserver's --audit-log-maxsize and --audit-log-maxbackup
  auditLogMaxSize: v.optional(v.pipe(logSize, about('Size at which that log is rotated.')), '1Mi'),
  auditLogMaxBackup: v.optional(
    v.pipe(
      v.number(),
      v.title('integer, 0 to 100'),
      v.integer(),
      v.minValue(0),
      v.maxValue(100),
      about('Rotated files of that log that are kept.'),
    ),
    1,
  ),
  devices: v.optional(
    v.pipe(deviceSettings, about('Device nodes that pods may ask for as eliot.run/NAME. See the guide on devices.')),
    [],
  ),
  // kube-apiserver's --event-ttl
  eventTtl: v.optional(v.pipe(duration, about('How long events are kept.')), '1h'),
});

export type Settings = v.InferOutput<typeof settingsSchema>;

/** Milliseconds of a Go duration such as `1h30m`; the text must already have passed the schema. */
function parseDurationMs(text: string): number {
  const unitMs = { h: 3_600_000, m: 60_000, s: 1_000, ms: 1 } as const;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+)(ms|h|m|s)/g)) {
    total += Number(amount) * unitMs[unit as keyof typeof unitMs];
  }
  return total;
}

/** Splits `HOST:PORT` as the schema admits it; brackets of an IPv6 host are removed. */
export function splitListenAddress(listen: string): { readonly host: string; readonly port: number } {
  const colon = listen.lastIndexOf(':');
  return { host: listen.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(listen.slice(colon + 1)) };
}
