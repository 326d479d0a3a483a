/**
 * Times as `metav1.Time` and `metav1.MicroTime` print them: RFC 3339 in UTC, whole seconds
 * or six digits. Years 1 to 9999; the instant 0001-01-01T00:00:00Z means "no time".
 */

export type TimePrecision = 'seconds' | 'micros';

const rfc3339 = /^(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d\d):(\d\d))$/;

/** Seconds of 0001-01-01T00:00:00Z, Go's zero time. */
const zeroTimeSeconds = -62_135_596_800;
const endOfTimeSeconds = 253_402_300_800;

/** The time in Kubernetes' form; undefined for the zero time; 'Malformed' when it is no RFC 3339 time. */
export function normalizeTime(text: string, precision: TimePrecision): string | undefined | 'Malformed' {
  const match = rfc3339.exec(text);
  if (match === null) return 'Malformed';
  const [, date = '', clock = '', fraction = '', sign, hours = '0', minutes = '0'] = match;
  const local = Date.parse(`${date}T${clock}Z`);
  // Date.parse turns 30 February into 2 March and 24:00 into the next day; the way back shows it.
  if (Number.isNaN(local) || new Date(local).toISOString().slice(0, 19) !== `${date}T${clock}`) return 'Malformed';
  if (Number(hours) > 23 || Number(minutes) > 59) return 'Malformed';
  const offsetSeconds = (sign === '-' ? -1 : 1) * (Number(hours) * 3600 + Number(minutes) * 60);
  const nanos = Number(fraction.padEnd(9, '0'));
  return timeFromUnix(local / 1000 - offsetSeconds, nanos, precision);
}

/** The same from seconds and nanoseconds since 1970; fractions finer than the precision are cut off. */
export function timeFromUnix(
  seconds: number,
  nanos: number,
  precision: TimePrecision,
): string | undefined | 'Malformed' {
  if (seconds === zeroTimeSeconds && nanos === 0) return undefined;
  if (seconds < zeroTimeSeconds || seconds >= endOfTimeSeconds || nanos < 0 || nanos >= 1e9) return 'Malformed';
  const whole = new Date(seconds * 1000).toISOString().slice(0, 19);
  if (precision === 'seconds') return `${whole}Z`;
  return `${whole}.${String(Math.floor(nanos / 1000)).padStart(6, '0')}Z`;
}
