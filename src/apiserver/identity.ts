/** Who makes a request, as `authentication.k8s.io/v1 UserInfo`. */
export interface UserInfo {
  readonly username: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
  /**
   * Root on the device itself. No part of Kubernetes' UserInfo: only authentication sets it, for who comes by the unix
   * socket as himself, so that nobody becomes it under the name of another.
   */
  readonly isLocalRoot?: true;
}

/** May do everything. */
export const mastersGroup = 'system:masters';
/** May deploy and debug outside of the system's namespaces. */
export const developersGroup = 'eliot:developers';
/** May read everything but Secrets and who else comes to the device. */
export const viewersGroup = 'eliot:viewers';
/** Added to everybody who was recognised. */
export const authenticatedGroup = 'system:authenticated';

/** Key of `extra` under which Kubernetes says with what certificate or token somebody came. */
export const credentialKey = 'authentication.kubernetes.io/credential-id';

/** Root on the unix socket, which nobody else can reach. */
export const localRoot: UserInfo = { ...systemUser('root'), isLocalRoot: true };

/** The daemon's own parts. */
export function systemUser(username: string): UserInfo {
  return { username, groups: [mastersGroup, authenticatedGroup] };
}
