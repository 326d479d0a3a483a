/**
 * Logins for registries: from Secrets of type kubernetes.io/dockerconfigjson, and from the node's configuration.
 * They are matched to images as the kubelet does (docs: "Interpretation of config.json"). Pure.
 */

import { parseImageReference } from '../../api/image-reference.ts';
import type { Secret } from '../../api/kinds/secret.ts';
import type { RegistryAuth } from '../../runtime/runtime.ts';

interface DockerConfig {
  readonly auths?: Readonly<Record<string, DockerLogin>>;
}

interface DockerLogin {
  readonly username?: string;
  readonly password?: string;
  /** Base64 of `username:password`. */
  readonly auth?: string;
}

/** Logins by registry host, with its port when it has one. */
export type NodeLogins = ReadonlyMap<string, RegistryAuth>;

/**
 * The logins to try, in their order: those of the secrets, the longest path first, then the node's own. Unreadable
 * secrets count as empty.
 *
 * @throws StatusError `Invalid` when the image has no valid name
 */
export function registryLogins(image: string, secrets: readonly Secret[], node: NodeLogins): readonly RegistryAuth[] {
  const { domain, path } = parseImageReference(image);
  const found = secrets
    .flatMap((secret) => Object.entries(loginsOf(secret)))
    .map(([key, login]) => ({ key: parseKey(key), auth: authOf(login) }))
    .filter(({ key, auth }) => auth.username !== '' && matches(key, domain, path))
    .sort((a, b) => b.key.path.length - a.key.path.length)
    .map(({ auth }) => auth);
  const own = node.get(domain);
  return own === undefined ? found : [...found, own];
}

interface Key {
  readonly host: string;
  /** Without slashes at its ends; empty for the whole registry. */
  readonly path: string;
}

/** `https://index.docker.io/v1/` is how Docker writes its own registry. */
function parseKey(text: string): Key {
  const [host = '', ...rest] = text.replace(/^https?:\/\//, '').split('/');
  const path = rest.join('/').replace(/^v[12](\/|$)/, '');
  const isDocker = host === 'index.docker.io' || host === 'registry-1.docker.io';
  return { host: isDocker ? 'docker.io' : host, path: path.replace(/^\/+|\/+$/g, '') };
}

/** `*` stands for a part of a host name, never for a dot: `*.example.com` is not `a.b.example.com`. */
function matches(key: Key, domain: string, path: string): boolean {
  const wanted = key.host.split('.');
  const given = domain.split('.');
  if (wanted.length !== given.length) return false;
  if (!wanted.every((part, index) => matchesPart(part, given[index] ?? ''))) return false;
  return key.path === '' || path === key.path || path.startsWith(`${key.path}/`);
}

function matchesPart(pattern: string, text: string): boolean {
  if (!pattern.includes('*')) return pattern === text;
  const quoted = pattern.split('*').map((literal) => literal.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  // A port is never meant by a star.
  return new RegExp(`^${quoted.join('[^:]*')}$`).test(text);
}

function authOf(login: DockerLogin): RegistryAuth {
  const [username = '', ...password] = Buffer.from(login.auth ?? '', 'base64')
    .toString()
    .split(':');
  return { username: login.username || username, password: login.password || password.join(':') };
}

function loginsOf(secret: Secret): Readonly<Record<string, DockerLogin>> {
  const modern = secret.data?.['.dockerconfigjson'];
  const legacy = secret.data?.['.dockercfg'];
  try {
    if (modern !== undefined) return (parse(modern) as DockerConfig).auths ?? {};
    return legacy === undefined ? {} : (parse(legacy) as Readonly<Record<string, DockerLogin>>);
  } catch {
    return {};
  }
}

function parse(base64: string): unknown {
  return JSON.parse(Buffer.from(base64, 'base64').toString());
}
