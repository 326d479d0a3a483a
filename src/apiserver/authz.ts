/** Who may do what (design D7): one function, and the words of its refusal. */
import { StatusError } from '../lib/status-error.ts';
import { isOwnNamespace, type Rule, rulesOfGroups } from './group-rules.ts';
import { authenticatedGroup, developersGroup, mastersGroup, type UserInfo, viewersGroup } from './identity.ts';

/** What somebody wants to do to a resource. */
export interface ResourceAttributes {
  /** `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`. */
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string | undefined;
  /** Undefined or empty: all namespaces, or a kind without them. */
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
}

/** What somebody wants to read beside resources: discovery, version, health. */
export interface PathAttributes {
  readonly verb: string;
  readonly path: string;
}

export interface Decision {
  readonly allowed: boolean;
  readonly reason: string;
}

/** What everybody may read who was recognised, as Kubernetes' system:discovery and its public roles have it. */
export const publicPaths: readonly string[] = [
  '/',
  '/.well-known/openid-configuration',
  '/api',
  '/api/*',
  '/apis',
  '/apis/*',
  '/healthz',
  '/livez',
  '/openapi',
  '/openapi/*',
  '/openid/v1/jwks',
  '/readyz',
  '/version',
];

const yes = (reason: string): Decision => ({ allowed: true, reason });
const no: Decision = { allowed: false, reason: '' };

/** Whether `user` may do it, and by which group. */
export function authorize(user: UserInfo, wanted: ResourceAttributes): Decision {
  if (user.groups.includes(mastersGroup)) return yes(`member of ${mastersGroup}`);
  const group = user.groups.find((each) => (rulesOfGroups.get(each) ?? []).some((rule) => allows(rule, wanted)));
  return group === undefined ? no : yes(`member of ${group}`);
}

/** A `*` in the question asks for everything at once, which no rule allows. */
function allows({ apiGroups, resources, verbs, where }: Rule, wanted: ResourceAttributes): boolean {
  const { verb, group, resource, subresource, namespace, name } = wanted;
  const full = subresource ? `${resource}/${subresource}` : resource;
  if (!verbs.includes(verb) || !apiGroups.includes(group) || !resources.includes(full)) return false;
  return where === undefined || isOwnNamespace(resource === 'namespaces' ? name : namespace);
}

/** Paths that are no resources: the public ones may be read by everybody who was recognised, all of them by who may look. */
export function authorizePath(user: UserInfo, wanted: PathAttributes): Decision {
  if (user.groups.includes(mastersGroup)) return yes(`member of ${mastersGroup}`);
  if (wanted.verb !== 'get') return no;
  const looking = [viewersGroup, developersGroup].find((group) => user.groups.includes(group));
  if (looking !== undefined) return yes(`member of ${looking}`);
  const isPublic = publicPaths.some((path) =>
    path.endsWith('*') ? wanted.path.startsWith(path.slice(0, -1)) : wanted.path === path,
  );
  return isPublic && user.groups.includes(authenticatedGroup) ? yes(`member of ${authenticatedGroup}`) : no;
}

/** @throws StatusError Forbidden, worded as Kubernetes does */
export function requireResource(user: UserInfo, wanted: ResourceAttributes): void {
  if (authorize(user, wanted).allowed) return;
  const { group, verb, namespace, name } = wanted;
  const resource = wanted.subresource ? `${wanted.resource}/${wanted.subresource}` : wanted.resource;
  const qualified = group === '' ? wanted.resource : `${wanted.resource}.${group}`;
  const where = namespace ? `in the namespace "${namespace}"` : 'at the cluster scope';
  throw new StatusError(
    'Forbidden',
    `${qualified}${name ? ` "${name}"` : ''} is forbidden: User "${user.username}" cannot ${verb} resource "${resource}" in API group "${group}" ${where}`,
    { details: { ...(name ? { name } : {}), ...(group === '' ? {} : { group }), kind: wanted.resource } },
  );
}

/** @throws StatusError Forbidden */
export function requirePath(user: UserInfo, wanted: PathAttributes): void {
  if (authorizePath(user, wanted).allowed) return;
  throw new StatusError('Forbidden', `forbidden: User "${user.username}" cannot ${wanted.verb} path "${wanted.path}"`, {
    details: {},
  });
}
