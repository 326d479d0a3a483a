/** Logins for registries, from Secrets of type kubernetes.io/dockerconfigjson. Pure. */
import type { Secret } from '../../api/kinds/secret.ts';
import { parseImageReference } from '../../runtime/image-reference.ts';
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

/**
 * The first login for the image's registry; undefined when no secret has one. Unreadable secrets count as empty.
 *
 * @throws StatusError `Invalid` when the image has no valid name
 */
export function registryLogin(image: string, secrets: readonly Secret[]): RegistryAuth | undefined {
  const { domain: registry } = parseImageReference(image);
  for (const secret of secrets) {
    for (const [server, login] of Object.entries(loginsOf(secret))) {
      if (serverHost(server) !== registry) continue;
      const [username, ...password] = Buffer.from(login.auth ?? '', 'base64')
        .toString()
        .split(':');
      const found = { username: login.username ?? username ?? '', password: login.password ?? password.join(':') };
      if (found.username !== '') return found;
    }
  }
  return undefined;
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

/** `https://index.docker.io/v1/` is how Docker writes its own registry. */
function serverHost(server: string): string {
  const host = server.replace(/^https?:\/\//, '').split('/')[0] ?? '';
  return host === 'index.docker.io' || host === 'registry-1.docker.io' ? 'docker.io' : host;
}
