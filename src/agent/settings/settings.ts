/**
 * What an operator can set, with its defaults. Names that Kubernetes has are KubeletConfiguration's
 * (kubelet.config.k8s.io/v1beta1), so that what people know carries over and tests can reach every
 * threshold (design D15). `load-settings.ts` fills it from flags, environment and file.
 */
import * as v from 'valibot';

const isPort = (port: number): boolean => Number.isInteger(port) && port >= 0 && port <= 65_535;

/** `HOST:PORT` or `[V6]:PORT`; port 0 lets the kernel choose. */
const listenAddress = v.pipe(
  v.string(),
  v.check((text) => {
    const match = /^(\[[0-9a-fA-F:.]+\]|[^:\s]+):(\d{1,5})$/.exec(text);
    return match !== null && isPort(Number(match[2]));
  }, 'must be HOST:PORT, for example 0.0.0.0:6443'),
);

const ipv4Cidr = v.pipe(
  v.string(),
  v.check((text) => {
    const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(text);
    if (!match) return false;
    const [, a, b, c, d, bits] = match.map(Number);
    return [a, b, c, d].every((octet) => (octet ?? 256) <= 255) && (bits ?? 0) >= 8 && (bits ?? 33) <= 30;
  }, 'must be an IPv4 network of /8 to /30, for example 10.85.0.0/16'),
);

const absolutePath = v.pipe(
  v.string(),
  v.check((path) => path.startsWith('/') && !path.includes('\0'), 'must be an absolute path'),
);

const dnsSubdomain = v.pipe(
  v.string(),
  v.maxLength(253),
  v.regex(
    /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/,
    'must consist of lower case letters, digits, "-" and "." (a node name)',
  ),
);

/** A Go duration of whole units, for example `10s`, `5m` or `1h30m`; read into milliseconds. */
const duration = v.pipe(
  v.string(),
  v.regex(/^(\d+h)?(\d+m)?(\d+s)?(\d+ms)?$/, 'must be a duration such as 10s, 5m or 1h30m'),
  v.check((text) => text !== '', 'must be a duration such as 10s, 5m or 1h30m'),
  v.transform(parseDurationMs),
);

const positiveInteger = v.pipe(v.number(), v.integer(), v.minValue(1));

/** Every key of the configuration file. */
export const settingsSchema = v.strictObject({
  /** Where everything lives that must outlive a reboot. */
  dataDir: v.optional(absolutePath, '/var/lib/eliot'),
  /** Where everything lives that must not; on tmpfs. */
  runDir: v.optional(absolutePath, '/run/eliot'),
  listen: v.optional(listenAddress, '0.0.0.0:6443'),
  /** `managed`, or the path of a containerd socket that is already there. */
  containerd: v.optional(
    v.pipe(
      v.string(),
      v.check((text) => text === 'managed' || text.startsWith('/'), 'must be "managed" or the path of a socket'),
    ),
    'managed',
  ),
  nodeName: v.optional(dnsSubdomain),
  labels: v.optional(v.record(v.string(), v.string()), {}),
  discovery: v.optional(v.boolean(), true),
  podCidr: v.optional(ipv4Cidr, '10.85.0.0/16'),
  /** A Linux interface name has at most 15 characters. */
  bridge: v.optional(
    v.pipe(v.string(), v.regex(/^[a-zA-Z0-9_.-]{1,15}$/, 'must be an interface name of at most 15 characters')),
    'eliot0',
  ),
  logLevel: v.optional(v.picklist(['error', 'warn', 'info', 'debug']), 'info'),

  // KubeletConfiguration
  staticPodPath: v.optional(absolutePath),
  fileCheckFrequency: v.optional(duration, '20s'),
  nodeStatusUpdateFrequency: v.optional(duration, '10s'),
  nodeStatusReportFrequency: v.optional(duration, '5m'),
  maxPods: v.optional(positiveInteger, 110),
  /** -1 means no limit. */
  podPidsLimit: v.optional(v.pipe(v.number(), v.integer(), v.minValue(-1)), -1),
  maxParallelImagePulls: v.optional(positiveInteger, 2),
  containerLogMaxFiles: v.optional(v.pipe(v.number(), v.integer(), v.minValue(2)), 5),
  /** KubeletConfiguration's crashLoopBackOff.maxContainerRestartPeriod; upstream allows 1 s to 300 s. */
  maxContainerRestartPeriod: v.optional(duration, '5m'),
  /** How long a container that is being replaced by a newer attempt is kept for `logs --previous`. */
  minimumContainerAge: v.optional(duration, '0s'),
  eventTtl: v.optional(duration, '1h'),
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
