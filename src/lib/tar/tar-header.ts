/** What a header of a tar archive says of the bytes after it (POSIX.1-2001 pax, with GNU's additions). Pure. */

/** Bytes of a header; content is filled up to a multiple of it. */
export const tarBlockBytes = 512;

/** What comes after a header. */
export interface TarEntry {
  /** `Description`: a name that was too long, or other words about the next entry. */
  readonly kind: 'Content' | 'Description';
  /** Of what follows, without what fills its last block. */
  readonly sizeBytes: number;
}

/** Links, devices and directories: what their size says is not there (as in Go's archive/tar). */
const headerOnly: ReadonlySet<string> = new Set(['1', '2', '3', '4', '5', '6']);
const newline = 0x0a;
const descriptions: ReadonlySet<string> = new Set(['x', 'g', 'L', 'K']);

/** Undefined when the block is no header: the end of the archive, or no archive at all. */
export function readTarHeader(block: Uint8Array): TarEntry | undefined {
  if (block.length !== tarBlockBytes || !hasValidSum(block)) return undefined;
  const type = String.fromCharCode(block[156] ?? 0);
  const sizeBytes = headerOnly.has(type) ? 0 : readNumber(block.subarray(124, 136));
  if (sizeBytes === undefined) return undefined;
  return { kind: descriptions.has(type) ? 'Description' : 'Content', sizeBytes };
}

/** Bytes that fill the last block of a content. */
export function tarPaddingOf(sizeBytes: number): number {
  return (tarBlockBytes - (sizeBytes % tarBlockBytes)) % tarBlockBytes;
}

/** The size in a pax description, which stands above the next header's. */
export function readPaxSize(description: Uint8Array): number | undefined {
  const text = readPaxRecords(description).get('size');
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** The records of a pax description, `LENGTH KEY=VALUE\n` each; those before the first that is none. */
export function readPaxRecords(description: Uint8Array): ReadonlyMap<string, string> {
  const data = Buffer.from(description.buffer, description.byteOffset, description.byteLength);
  const records = new Map<string, string>();
  for (let start = 0; start < data.length; ) {
    const [digits] = /^\d{1,9}(?= )/.exec(data.toString('latin1', start, start + 10)) ?? [];
    if (digits === undefined) break;
    const end = start + Number(digits);
    const equals = data.indexOf('=', start);
    if (end > data.length || equals < 0 || equals >= end || data[end - 1] !== newline) break;
    records.set(data.toString('utf8', start + digits.length + 1, equals), data.toString('utf8', equals + 1, end - 1));
    start = end;
  }
  return records;
}

/** What a header calls its entry, and where it leads when it is a link. */
export interface TarNames {
  readonly name: string;
  /** One character, as `2` of a symbolic link. */
  readonly type: string;
  readonly linkName: string;
}

/** Of a block that `readTarHeader` takes. Names that are longer than their fields stand in a description before it. */
export function readTarNames(block: Uint8Array): TarNames {
  const text = (from: number, to: number): string => readTarText(block.subarray(from, to));
  const name = text(0, 100);
  const prefix = text(257, 262) === 'ustar' ? text(345, 500) : '';
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    type: String.fromCharCode(block[156] ?? 0),
    linkName: text(157, 257),
  };
}

/** Text up to its first zero byte. */
export function readTarText(field: Uint8Array): string {
  return Buffer.from(field).toString('utf8').replace(/\0.*$/s, '');
}

/** The sum of all bytes, with its own field taken as blanks; some old programs took the bytes as signed. */
function hasValidSum(block: Uint8Array): boolean {
  const due = readNumber(block.subarray(148, 156));
  if (due === undefined || due === 0) return false;
  let sum = 0;
  let signed = 0;
  for (let index = 0; index < block.length; index += 1) {
    const value = index >= 148 && index < 156 ? 0x20 : (block[index] as number);
    sum += value;
    signed += value > 127 ? value - 256 : value;
  }
  return due === sum || due === signed;
}

/** Octal digits, or GNU's binary form for what those cannot say. */
function readNumber(field: Uint8Array): number | undefined {
  const first = field[0] ?? 0;
  if (first === 0x80) {
    const value = Buffer.from(field.subarray(1)).reduce((total, byte) => total * 256 + byte, 0);
    return Number.isSafeInteger(value) ? value : undefined;
  }
  const text = Buffer.from(field).toString('latin1').replace(/\0.*$/s, '').trim();
  if (text === '') return 0;
  return /^[0-7]+$/.test(text) ? Number.parseInt(text, 8) : undefined;
}
