/** Media types with their parameters, as in `Accept` and `Content-Type` (RFC 9110, section 8.3.1). */
export interface MediaType {
  /** Lower case, for example `application/json`. */
  readonly type: string;
  /** Without `q`. */
  readonly parameters: ReadonlyMap<string, string>;
  /** 0 to 1; 1 when not given. */
  readonly quality: number;
}

/** One media type; parameters may come in any order. */
export function parseMediaType(text: string): MediaType {
  const [type = '', ...rest] = text.split(';').map((part) => part.trim());
  const parameters = new Map<string, string>();
  let quality = 1;
  for (const part of rest) {
    const equals = part.indexOf('=');
    if (equals < 0) continue;
    const name = part.slice(0, equals).trim().toLowerCase();
    const value = part
      .slice(equals + 1)
      .trim()
      .replace(/^"(.*)"$/, '$1');
    if (name !== 'q') parameters.set(name, value);
    else if (!Number.isNaN(Number(value))) quality = Number(value);
  }
  return { type: type.toLowerCase(), parameters, quality };
}

/** What a client accepts, best first; anything when it does not say. */
export function parseAccept(header: string | undefined): readonly MediaType[] {
  if (!header?.trim()) return [parseMediaType('*/*')];
  return header
    .split(',')
    .map(parseMediaType)
    .filter((each) => each.type !== '' && each.quality > 0)
    .sort((a, b) => b.quality - a.quality);
}

/** Whether this entry of `Accept` can be answered with JSON. */
export function takesJson(accepted: MediaType): boolean {
  return accepted.type === 'application/json' || accepted.type === 'application/*' || accepted.type === '*/*';
}
