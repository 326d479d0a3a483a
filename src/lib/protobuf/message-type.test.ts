import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type MessageType, messageType } from './message-type.ts';

interface Inner {
  name: string;
  ids: bigint[];
}

interface Outer {
  text: string;
  flag: boolean;
  count: number;
  size: bigint;
  data: Buffer;
  labels: { [key: string]: string };
  names: string[];
  ports: number[];
  inner: Inner | undefined;
  inners: Inner[];
}

const inner: MessageType<Inner> = messageType<Inner>('1 name string;2 ids int64*');
const outer: MessageType<Outer> = messageType<Outer>(
  '1 text string;2 flag bool;3 count int32;4 size uint64;5 data bytes;6 labels map;7 names string*;8 ports int32*;9 inner 0;16 inners 0*',
  () => [inner],
);

const empty: Outer = {
  text: '',
  flag: false,
  count: 0,
  size: 0n,
  data: Buffer.alloc(0),
  labels: {},
  names: [],
  ports: [],
  inner: undefined,
  inners: [],
};

describe('a message type', () => {
  it('gives back what it wrote', () => {
    const message: Outer = {
      text: 'ä'.repeat(200),
      flag: true,
      count: -1,
      size: 2n ** 64n - 1n,
      data: Buffer.from([0, 255]),
      labels: JSON.parse('{ "a": "b", "empty": "", "__proto__": "c" }') as Outer['labels'],
      names: ['', 'x'],
      ports: [0, 80, 2 ** 31 - 1],
      inner: { name: 'in', ids: [-(2n ** 63n), 2n ** 63n - 1n] },
      inners: [
        { name: '', ids: [] },
        { name: 'last', ids: [0n] },
      ],
    };
    assert.deepEqual(outer.decode(outer.encode(message)), message);
  });

  it('writes nothing for what is missing or zero, and reads that as zero', () => {
    assert.equal(outer.encode({}).length, 0);
    assert.equal(outer.encode(empty).length, 0);
    assert.deepEqual(outer.decode(new Uint8Array(0)), empty);
  });

  it('tells an empty message from none', () => {
    assert.deepEqual(outer.decode(outer.encode({ inner: {} })).inner, { name: '', ids: [] });
  });

  // The bytes of https://protobuf.dev/programming-guides/encoding/
  it('writes what the specification says', () => {
    const hex = (message: Parameters<typeof outer.encode>[0]): string =>
      Buffer.from(outer.encode(message)).toString('hex');
    assert.equal(hex({ count: 150 }), '189601');
    assert.equal(hex({ text: 'testing' }), '0a0774657374696e67');
    assert.equal(hex({ ports: [3, 270, 86_942] }), '4206038e029ea705');
    assert.equal(hex({ inner: { name: 'a' } }), '4a030a0161');
    assert.equal(hex({ labels: { a: 'b' } }), '32060a0161120162');
  });

  it('reads lists of numbers that are not packed', () => {
    assert.deepEqual(outer.decode(Buffer.from('40034005', 'hex')).ports, [3, 5]);
  });

  it('passes unknown fields over, and values of another wire type', () => {
    // Field 100 as number and as bytes, field 1 as number, field 3 as 64 bits, and then field 7.
    const bytes = Buffer.from('a00601a20602616208051900000000000000003a0178', 'hex');
    assert.deepEqual(outer.decode(bytes), { ...empty, names: ['x'] });
  });

  for (const [what, hex] of [
    ['ends inside a text', '0a05616263'],
    ['ends inside a number', '1896'],
    ['has a message that is longer than what is around it', '4a030a0561'],
    ['has a part of a message that goes beyond it', '4a020a0361620018'],
    ['has no field number', '0001'],
  ] as const) {
    it(`refuses a message that ${what}`, () => {
      assert.throws(() => outer.decode(Buffer.from(hex, 'hex')));
    });
  }

  it('keeps no part of the bytes it read', () => {
    const bytes = Buffer.from('2a0161', 'hex');
    const { data } = outer.decode(bytes);
    bytes.fill(0);
    assert.equal(data.toString(), 'a');
  });
});
