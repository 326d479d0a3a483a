import { StatusError } from '../../lib/status-error.ts';
import type { SyncWish } from '../pod-sync.ts';

/** @throws StatusError BadRequest */
export function parseSyncQuery(query: URLSearchParams): Pick<SyncWish, 'volume' | 'session' | 'isResumed'> {
  const [volume, session, resumed] = ['volume', 'session', 'resumed'].map((name) => query.get(name));
  if (!volume) throw new StatusError('BadRequest', 'you must name the volume that files are brought to: ?volume=NAME');
  if (!/^[0-9a-f]{32}$/.test(session ?? '')) {
    throw new StatusError('BadRequest', 'the session must have a name of 32 hexadecimal digits: ?session=NAME');
  }
  return { volume, session: session ?? '', isResumed: resumed === 'true' };
}
