/** Who makes a request, as `authentication.k8s.io/v1 UserInfo`. */
export interface UserInfo {
  readonly username: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/** May do everything. */
export const mastersGroup = 'system:masters';
/** May read everything but secrets. */
export const viewersGroup = 'eliot:viewers';
/** Added to everybody who was recognised. */
export const authenticatedGroup = 'system:authenticated';

/** The daemon's own parts, and root on the unix socket. */
export function systemUser(username: string): UserInfo {
  return { username, groups: [mastersGroup, authenticatedGroup] };
}
