import { StatusError } from '../../lib/status-error.ts';

/** What an exec or attach asks for, from its query (`v1.PodExecOptions`, `v1.PodAttachOptions`). */
export interface StreamQuery {
  /** Undefined: the pod's default container. */
  readonly container: string | undefined;
  readonly command: readonly string[];
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly tty: boolean;
}

/**
 * Reads the query of `…/exec` and `…/attach`. With a terminal there is no stderr, whatever was asked.
 *
 * @throws StatusError BadRequest when no stream is asked for, with Kubernetes' words
 */
export function parseStreamQuery(url: string): StreamQuery {
  const { searchParams } = new URL(url, 'http://localhost');
  const tty = parseBoolean(searchParams.get('tty'));
  const query: StreamQuery = {
    container: searchParams.get('container') || undefined,
    command: searchParams.getAll('command'),
    stdin: parseBoolean(searchParams.get('stdin')),
    stdout: parseBoolean(searchParams.get('stdout')),
    stderr: parseBoolean(searchParams.get('stderr')) && !tty,
    tty,
  };
  if (!query.stdin && !query.stdout && !query.stderr) {
    throw new StatusError('BadRequest', 'you must specify at least 1 of stdin, stdout, stderr');
  }
  return query;
}

/**
 * The ports of a port-forward over WebSocket channels: `?ports=80&ports=443` or `?ports=80,443`.
 *
 * @throws StatusError BadRequest when there is none or one is no port
 */
export function parsePorts(url: string): number[] {
  const { searchParams } = new URL(url, 'http://localhost');
  const texts = [...searchParams.getAll('ports'), ...searchParams.getAll('port')].flatMap((text) => text.split(','));
  if (texts.length === 0) throw new StatusError('BadRequest', 'query parameter "port" is required');
  return texts.map(parsePort);
}

/** @throws StatusError BadRequest when `text` is no number of 1 to 65535 */
export function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port >= 1 && port <= 65_535) return port;
  throw new StatusError('BadRequest', `unable to parse "${text}" as a port`);
}

/** Kubernetes' reading of a boolean in a query: everything but `false` and `0` is true when it is there. */
function parseBoolean(text: string | null): boolean {
  return text !== null && text.toLowerCase() !== 'false' && text !== '0';
}
