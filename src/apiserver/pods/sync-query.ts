import { StatusError } from '../../lib/status-error.ts';
import type { SyncWish } from '../pod-sync.ts';

/**
 * What a client says in the query of a session's path (`syncPath`).
 *
 * @throws StatusError BadRequest
 */
export function parseSyncQuery(
  query: URLSearchParams,
): Pick<SyncWish, 'requiredUid' | 'volume' | 'session' | 'isResumed'> {
  const [uid, volume, session, resumed] = ['uid', 'volume', 'session', 'resumed'].map((name) => query.get(name));
  if (!volume) throw new StatusError('BadRequest', 'you must name the volume that files are brought to: ?volume=NAME');
  if (!/^[0-9a-f]{32}$/.test(session ?? '')) {
    throw new StatusError('BadRequest', 'the session must have a name of 32 hexadecimal digits: ?session=NAME');
  }
  const required = uid ? { requiredUid: uid } : {};
  return { ...required, volume, session: session ?? '', isResumed: resumed === 'true' };
}
