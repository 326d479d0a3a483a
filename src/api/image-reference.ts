/**
 * Names of images. The one place where short names become full ones: `busybox` is
 * `docker.io/library/busybox:latest`, as in Docker and containerd (grammar: distribution/reference).
 */
import { StatusError } from '../lib/status-error.ts';

const defaultDomain = 'docker.io';
const maxNameLength = 255;

const domain =
  /^(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])(?:\.(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9]))*(?::[0-9]+)?$/;
const ipv6Domain = /^\[[a-fA-F0-9:]+\](?::[0-9]+)?$/;
const path = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const tagPattern = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;
const digestPattern = /^[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}$/;

/** A full name in its parts; exactly one of `tag` and `digest` is set. */
export interface ImageReference {
  /** Registry host, with its port when it has one. */
  readonly domain: string;
  /** Repository below the registry, for example `library/busybox`. */
  readonly path: string;
  readonly tag: string | undefined;
  /** `sha256:…`. */
  readonly digest: string | undefined;
}

/** Whether `text` is an image's id (`sha256:` and 64 digits), not a name. */
export function isImageId(text: string): boolean {
  return /^sha256:[0-9a-f]{64}$/.test(text);
}

/**
 * The full name: registry, repository, and a tag or a digest. A tag beside a digest is dropped, as the digest
 * decides. Repeatable: a full name stays as it is.
 *
 * @throws StatusError `Invalid` with the words of the kubelet's `InvalidImageName`
 */
export function normalizeImageReference(text: string): string {
  const { domain, path, tag, digest } = parseImageReference(text);
  return `${domain}/${path}${digest === undefined ? `:${tag}` : `@${digest}`}`;
}

/**
 * A full name as people type it: without the default registry. By this one docker and podman know what was built with them;
 * podman keeps it under `localhost/`, and would look for a full name in the registry.
 */
export function shortImageName(name: string): string {
  return name.replace(/^docker\.io\/(?:library\/)?/, '');
}

/** @throws StatusError `Invalid` */
export function parseImageReference(text: string): ImageReference {
  const at = text.indexOf('@');
  const digest = at < 0 ? undefined : text.slice(at + 1);
  const named = at < 0 ? text : text.slice(0, at);
  const colon = named.lastIndexOf(':');
  const hasTag = colon > named.lastIndexOf('/');
  const tag = hasTag ? named.slice(colon + 1) : undefined;
  const name = hasTag ? named.slice(0, colon) : named;

  if (digest !== undefined && !digestPattern.test(digest)) throw invalid(text, 'invalid reference format');
  if (tag !== undefined && !tagPattern.test(tag)) throw invalid(text, 'invalid reference format');
  const split = splitDomain(name);
  if (!path.test(split.path)) {
    const isUpperCase = path.test(split.path.toLowerCase());
    throw invalid(text, `invalid reference format${isUpperCase ? ': repository name must be lowercase' : ''}`);
  }
  if (!domain.test(split.domain) && !ipv6Domain.test(split.domain)) throw invalid(text, 'invalid reference format');
  if (split.path.length > maxNameLength) {
    throw invalid(text, `repository name must not be more than ${maxNameLength} characters`);
  }
  if (/^[0-9a-f]{64}$/.test(name)) {
    throw invalid(text, `invalid repository name (${name}), cannot specify 64-byte hexadecimal strings`);
  }
  return { ...split, tag: digest === undefined ? (tag ?? 'latest') : undefined, digest };
}

/** The part before the first slash is a registry when it looks like a host: a dot, a port, `localhost`, upper case. */
function splitDomain(name: string): { domain: string; path: string } {
  const slash = name.indexOf('/');
  const first = name.slice(0, Math.max(slash, 0));
  const isHost = /[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase();
  const domain = slash > 0 && isHost ? first : defaultDomain;
  const rest = slash > 0 && isHost ? name.slice(slash + 1) : name;
  if (domain !== defaultDomain && domain !== `index.${defaultDomain}`) return { domain, path: rest };
  return { domain: defaultDomain, path: rest.includes('/') ? rest : `library/${rest}` };
}

function invalid(text: string, why: string): StatusError {
  return new StatusError('Invalid', `couldn't parse image name "${text}": ${why}`);
}
