/** Subresources that are streams: a request to them has no body, but parameters, and its answer is a connection. */
import type { Subresource } from '../../src/api/schema/kind.ts';

interface Parameter {
  readonly name: string;
  readonly type: 'boolean' | 'integer' | 'string';
  readonly description: string;
}

const container: Parameter = {
  name: 'container',
  type: 'string',
  description: 'The container; the only one, or that of the annotation, when it is left out.',
};
const streams: readonly Parameter[] = [
  { name: 'stdin', type: 'boolean', description: 'Whether the client sends input.' },
  { name: 'stdout', type: 'boolean', description: 'Whether the client wants the output.' },
  { name: 'stderr', type: 'boolean', description: 'Whether the client wants the errors.' },
  { name: 'tty', type: 'boolean', description: 'Whether there is a terminal; it has no errors of its own.' },
];

/** By the kind of what is asked for. */
const parametersByKind: Readonly<Record<string, readonly Parameter[]>> = {
  PodAttachOptions: [container, ...streams],
  PodExecOptions: [
    { name: 'command', type: 'string', description: 'The program, and its arguments: one parameter each.' },
    container,
    ...streams,
  ],
  PodPortForwardOptions: [{ name: 'ports', type: 'integer', description: 'The ports, one parameter each.' }],
  PodSyncOptions: [
    { name: 'resumed', type: 'boolean', description: 'Whether the client had this session before.' },
    { name: 'session', type: 'string', description: 'The name of the session: 32 hexadecimal digits, at random.' },
    { name: 'volume', type: 'string', description: 'The volume of the pod that files are brought to: an emptyDir.' },
  ],
};

/**
 * The path item of a stream, as Kubernetes has it for `pods/exec`; undefined for every other subresource.
 *
 * @param parent what it belongs to; a subresource may have a group and version of its own
 */
export function connectPath(
  parent: { readonly group: string; readonly version: string; readonly namespaced: boolean },
  { kind, verbs, group = parent.group, version = parent.version }: Subresource,
): object | undefined {
  const parameters = parametersByKind[kind];
  if (parameters === undefined) return undefined;
  const operation = {
    responses: { 200: { description: 'OK', content: { '*/*': { schema: { type: 'string' } } } } },
    'x-kubernetes-action': 'connect',
    'x-kubernetes-group-version-kind': { group, kind, version },
  };
  return {
    ...(verbs.includes('get') ? { get: operation } : {}),
    ...(verbs.includes('create') ? { post: operation } : {}),
    parameters: [
      ...['name', ...(parent.namespaced ? ['namespace'] : [])].map((name) => ({
        name,
        in: 'path',
        required: true,
        schema: { type: 'string', uniqueItems: true },
      })),
      ...parameters.map(({ name, type, description }) => ({
        name,
        in: 'query',
        description,
        schema: { type, uniqueItems: true },
      })),
    ],
  };
}
