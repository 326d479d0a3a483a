/** Where files are kept in step: `pods/sync` of `eliot.run/v1alpha1`, which Kubernetes has no word for (docs/adr/0045). */

/** The sub-protocol of the WebSocket. */
export const syncProtocol = 'v1.sync.eliot.run';

/** Whether a path is that of a sync session. */
export function isPodSync(path: {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subresource: string | undefined;
}): boolean {
  const { group, version, resource, subresource } = path;
  return group === 'eliot.run' && version === 'v1alpha1' && resource === 'pods' && subresource === 'sync';
}

/** What a session of file sync is about. */
export interface SyncTarget {
  readonly namespace: string;
  readonly pod: string;
  /** The pod that is meant: another of the same name is a Conflict. Default: whichever has the name. */
  readonly uid?: string | undefined;
  readonly volume: string;
  /** Chosen by the client, at random: `[0-9a-f]{32}`. */
  readonly session: string;
  /** Whether the client had this session before, and has lost its connection. */
  readonly isResumed: boolean;
}

/** The path of a session, with its query. */
export function syncPath({ namespace, pod, uid, volume, session, isResumed }: SyncTarget): string {
  const query = new URLSearchParams({ volume, session, resumed: String(isResumed) });
  if (uid !== undefined) query.set('uid', uid);
  const place = [namespace, 'pods', pod, 'sync'].map(encodeURIComponent).join('/');
  return `/apis/eliot.run/v1alpha1/namespaces/${place}?${query}`;
}
