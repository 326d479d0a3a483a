import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decodeDeviceText, encodeDeviceText } from './eliot-service.ts';

const fingerprint = 'ab'.repeat(32);
const device = { version: '0.1.0', node: 'kitchen', fingerprint, isPaired: true };

describe('the text of a device', () => {
  it('is read as it was written', () => {
    assert.deepEqual(decodeDeviceText(encodeDeviceText(device)), device);
    const fresh = { ...device, isPaired: false };
    assert.deepEqual(decodeDeviceText(encodeDeviceText(fresh)), fresh);
  });

  it('may have keys of either case, twice, unknown, or without a value', () => {
    const text = ['NODE=kitchen', 'node=other', 'x', '', '=y', `fp=${fingerprint}`, 'v=1=2'];
    assert.deepEqual(decodeDeviceText(text), { ...device, version: 'unknown', isPaired: false });
  });

  for (const [what, text] of [
    ['without a node', [`fp=${fingerprint}`]],
    ['without a fingerprint', ['node=kitchen']],
    ['with a fingerprint that is none', ['node=kitchen', 'fp=AB']],
    ['whose name moves the cursor', ['node=\u001b[2Jkitchen', `fp=${fingerprint}`]],
    ['whose name is a path', ['node=../../x', `fp=${fingerprint}`]],
    ['whose name has no end', [`node=${'a'.repeat(254)}`, `fp=${fingerprint}`]],
  ] as const) {
    it(`is refused ${what}`, () => assert.equal(decodeDeviceText(text), undefined));
  }
});
