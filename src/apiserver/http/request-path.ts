/** What a request is about, read from its path as Kubernetes' RequestInfo does. */

/** A resource, an object or a part of one. */
export interface ResourcePath {
  readonly type: 'resource';
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly subresource: string | undefined;
}

/** Everything else: discovery, health, version. Without a slash at the end. */
export interface OtherPath {
  readonly type: 'other';
  readonly path: string;
}

/** Parts of a namespace itself; any other third part names a resource inside it. */
const namespaceSubresources: ReadonlySet<string> = new Set(['status', 'finalize']);

/** The target of a path, or undefined when it is longer than any that is served or badly escaped. */
export function parsePath(pathname: string): ResourcePath | OtherPath | undefined {
  const parts = decodeParts(pathname);
  if (!parts) return undefined;
  if (parts[0] === 'api' && parts.length > 2) return parseResource('', parts.slice(1));
  if (parts[0] === 'apis' && parts.length > 3) return parseResource(parts[1] ?? '', parts.slice(2));
  return { type: 'other', path: `/${parts.join('/')}` };
}

function decodeParts(pathname: string): string[] | undefined {
  try {
    return pathname
      .split('/')
      .filter((part) => part !== '')
      .map(decodeURIComponent);
  } catch {
    return undefined;
  }
}

function parseResource(group: string, [version = '', ...parts]: readonly string[]): ResourcePath | undefined {
  const [first = '', second, third] = parts;
  const isInNamespace =
    first === 'namespaces' && second !== undefined && third !== undefined && !namespaceSubresources.has(third);
  const namespace = isInNamespace ? second : undefined;
  const [resource = '', name, subresource, ...rest] = isInNamespace ? parts.slice(2) : parts;
  if (rest.length > 0) return undefined;
  return { type: 'resource', group, version, resource, namespace, name, subresource };
}
