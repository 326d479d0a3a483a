/**
 * The port by which the API server reaches into running pods: log, exec, attach, signals and
 * port-forward (design: style C.4 rule 1). The agent implements it; `agent.ts` joins them.
 *
 * The API server owns the wire (WebSocket and SPDY); the agent owns the processes. Bytes
 * cross as Node streams, so back-pressure is the streams' own. Before any upgrade the API
 * server has checked authentication, authorization and that the pod exists.
 */
import type { Duplex, Readable, Writable } from 'node:stream';

export interface ContainerRef {
  readonly namespace: string;
  readonly pod: string;
  /** Identity of the pod that was authorised; another pod of the same name is NotFound. */
  readonly uid: string;
  /** Chosen by the API server: the one asked for, else the pod's default container. */
  readonly container: string;
}

export interface LogOptions {
  readonly follow: boolean;
  readonly previous: boolean;
  readonly timestamps: boolean;
  readonly tailLines?: number;
  readonly sinceSeconds?: number;
  /** RFC 3339. */
  readonly sinceTime?: string;
  readonly limitBytes?: number;
}

export interface TerminalSize {
  readonly width: number;
  readonly height: number;
}

/** The client's ends. A stream that was not asked for is undefined; with `tty` there is no stderr. */
export interface StreamEnds {
  /** Ends when the client closed its stdin; the process then gets EOF. */
  readonly stdin: Readable | undefined;
  readonly stdout: Writable | undefined;
  readonly stderr: Writable | undefined;
  readonly tty: boolean;
  /** Window sizes as the client changes them; ends with the stream. */
  readonly resize: AsyncIterable<TerminalSize>;
}

/** How an exec or attach ended. An attach that ended with its container is `exitCode: 0`. */
export interface StreamResult {
  readonly exitCode: number;
}

export interface PodStreams {
  /**
   * Lines of a container, as written to the response; the API server pipes it.
   *
   * @throws StatusError BadRequest when the container is waiting to start or there is no previous one,
   *   NotFound when pod or container is unknown (messages as the kubelet's)
   */
  log(ref: ContainerRef, options: LogOptions, signal: AbortSignal): Promise<Readable>;

  /**
   * Runs a command until it ends and all its output was handed to `ends`. When `signal` aborts (the
   * client has gone) the process is ended (SIGHUP, then SIGKILL) and nothing stays behind.
   */
  exec(ref: ContainerRef, command: readonly string[], ends: StreamEnds, signal: AbortSignal): Promise<StreamResult>;

  /**
   * Passes a signal to the first process of a container.
   *
   * @throws StatusError NotFound when the container does not run
   */
  signal(ref: ContainerRef, signalNumber: number, signal: AbortSignal): Promise<void>;

  /** Joins the container's own streams until it ends or `signal` aborts; the container goes on. */
  attach(ref: ContainerRef, ends: StreamEnds, signal: AbortSignal): Promise<StreamResult>;

  /**
   * One TCP connection to a port of the pod, 127.0.0.1 listeners included. When it is refused it rejects, or the
   * stream fails before its first byte, with ServiceUnavailable.
   */
  portForward(ref: Omit<ContainerRef, 'container'>, port: number, signal: AbortSignal): Promise<Duplex>;
}
