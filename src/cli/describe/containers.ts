/** The containers of a pod: what they should be and what became of them. */
import type { Container, ContainerState, ContainerStatus, Pod, Probe, VolumeMount } from '../../api/kinds/pod/types.ts';
import { pipeAnnotationPrefix } from '../../api/run-annotations.ts';
import { addEnvironment } from './environment.ts';
import type { Lines } from './lines.ts';
import { formatLocalTime } from './times.ts';

export interface ContainersSection {
  readonly title: string;
  readonly containers: readonly Container[];
  readonly statuses?: readonly ContainerStatus[] | undefined;
  /** Left out when they are those of a template, which stand one level deeper. */
  readonly pod?: Pod;
}

/** A section with every container; nothing at all when there are none. */
export function addContainers(lines: Lines, { title, containers, statuses = [], pod }: ContainersSection): void {
  if (containers.length === 0) return;
  lines.section(pod === undefined ? 1 : 0, title, () => {
    for (const container of containers) {
      lines.add(1, `${pod === undefined ? ' ' : ''}${container.name}:`);
      addContainer(
        lines,
        pod,
        container,
        statuses.find((status) => status.name === container.name),
      );
    }
  });
}

function addContainer(
  lines: Lines,
  pod: Pod | undefined,
  container: Container,
  status: ContainerStatus | undefined,
): void {
  if (status !== undefined) lines.field(2, 'Container ID', status.containerID ?? '');
  lines.field(2, 'Image', container.image ?? '');
  if (status !== undefined) lines.field(2, 'Image ID', status.imageID ?? '');
  addPorts(lines, container);
  addList(lines, 'Command', container.command);
  addList(lines, 'Args', container.args);
  if (status !== undefined) addStatus(lines, status);
  addQuantities(lines, 'Limits', container.resources?.limits);
  addQuantities(lines, 'Requests', container.resources?.requests);
  if (container.livenessProbe !== undefined) lines.field(2, 'Liveness', probeText(container.livenessProbe));
  if (container.readinessProbe !== undefined) lines.field(2, 'Readiness', probeText(container.readinessProbe));
  if (container.startupProbe !== undefined) lines.field(2, 'Startup', probeText(container.startupProbe));
  const pipe = pod?.metadata.annotations?.[`${pipeAnnotationPrefix}${container.name}`];
  if (pipe !== undefined) lines.field(2, 'Pipe', `stdout to stdin of ${pipe}`);
  addEnvironment(lines, pod, container);
  const mounts = [...(container.volumeMounts ?? [])].sort((a, b) => (a.mountPath < b.mountPath ? -1 : 1));
  lines.list(2, 'Mounts', mounts, (mount) => {
    lines.add(3, `${mount.mountPath} from ${mount.name} (${mountFlags(mount)})`);
  });
}

function addPorts(lines: Lines, container: Container): void {
  const ports = container.ports ?? [];
  const text = (of: (port: (typeof ports)[number]) => number): string =>
    ports.map((port) => `${of(port)}/${port.protocol ?? 'TCP'}${port.name ? ` (${port.name})` : ''}`).join(', ') ||
    '<none>';
  const plural = ports.length > 1 ? 's' : '';
  lines.field(
    2,
    `Port${plural}`,
    text((port) => port.containerPort),
  );
  lines.field(
    2,
    `Host Port${plural}`,
    text((port) => port.hostPort ?? 0),
  );
}

function addList(lines: Lines, name: string, items: readonly string[] | undefined): void {
  if (items === undefined || items.length === 0) return;
  lines.add(2, `${name}:`);
  // A script of several lines keeps them, each at its level.
  for (const item of items) for (const line of item.split('\n')) lines.add(3, line);
}

function addStatus(lines: Lines, status: ContainerStatus): void {
  addState(lines, 'State', status.state);
  if (status.lastState?.terminated !== undefined) addState(lines, 'Last State', status.lastState);
  lines.field(2, 'Ready', status.ready ? 'True' : 'False');
  lines.field(2, 'Restart Count', status.restartCount ?? 0);
}

function addState(lines: Lines, title: string, state: ContainerState | undefined): void {
  if (state?.running !== undefined) {
    lines.field(2, title, 'Running').field(3, 'Started', formatLocalTime(state.running.startedAt));
  } else if (state?.terminated !== undefined) {
    const { reason, message, exitCode, signal, startedAt, finishedAt } = state.terminated;
    lines.field(2, title, 'Terminated');
    if (reason) lines.field(3, 'Reason', reason);
    if (message) lines.field(3, 'Message', message);
    lines.field(3, 'Exit Code', exitCode);
    if (signal) lines.field(3, 'Signal', signal);
    lines.field(3, 'Started', formatLocalTime(startedAt));
    lines.field(3, 'Finished', formatLocalTime(finishedAt));
  } else {
    lines.field(2, title, 'Waiting');
    if (state?.waiting?.reason) lines.field(3, 'Reason', state.waiting.reason);
    // kubectl leaves the message to the events; here it stands where one looks for it.
    if (state?.waiting?.message) lines.field(3, 'Message', state.waiting.message);
  }
}

function addQuantities(lines: Lines, name: string, quantities: Readonly<Record<string, string>> | undefined): void {
  const entries = Object.entries(quantities ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  if (entries.length === 0) return;
  lines.add(2, `${name}:`);
  for (const [resource, quantity] of entries) lines.field(3, resource, quantity);
}

function mountFlags(mount: VolumeMount): string {
  const flags = [mount.readOnly ? 'ro' : 'rw'];
  if (mount.subPath) flags.push(`path="${mount.subPath}"`);
  return flags.join(',');
}

/** `http-get http://:80/ delay=0s timeout=1s period=10s #success=1 #failure=3` */
function probeText(probe: Probe): string {
  const { initialDelaySeconds = 0, timeoutSeconds, periodSeconds, successThreshold, failureThreshold } = probe;
  const figures =
    `delay=${initialDelaySeconds}s timeout=${timeoutSeconds}s period=${periodSeconds}s ` +
    `#success=${successThreshold} #failure=${failureThreshold}`;
  return `${handlerText(probe)} ${figures}`;
}

function handlerText(probe: Probe): string {
  if (probe.exec !== undefined) return `exec [${(probe.exec.command ?? []).join(' ')}]`;
  if (probe.httpGet !== undefined) {
    const { scheme, host = '', port, path } = probe.httpGet;
    return `http-get ${scheme.toLowerCase()}://${host}:${port}${path}`;
  }
  if (probe.tcpSocket !== undefined) return `tcp-socket ${probe.tcpSocket.host ?? ''}:${probe.tcpSocket.port}`;
  if (probe.grpc !== undefined) return `grpc <pod>:${probe.grpc.port} ${probe.grpc.service ?? ''}`.trimEnd();
  return 'unknown';
}
