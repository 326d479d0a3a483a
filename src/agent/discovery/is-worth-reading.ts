/** Tells from the bytes alone whether a message can concern a device: a busy network has many that do not. */
import { nameKey } from '../../lib/mdns/message.ts';
import type { ServiceNames } from './service-records.ts';

/** Labels, with the byte of their length before them: of the service, and of the question which services there are. */
const serviceLabel = '\x06_eliot';
const typesLabel = '\x09_services';

/** Names are on the wire as they are, wherever else in the message they are pointed to. */
export function isWorthReading(bytes: Buffer, { host }: Pick<ServiceNames, 'host'>): boolean {
  const text = nameKey(bytes.toString('latin1'));
  return [serviceLabel, typesLabel, host.slice(0, host.indexOf('.'))].some((label) => text.includes(label));
}
