import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { offeredDevicesOf, resourceOf } from './offered-devices.ts';

const offered = {
  'eliot.run/serial': ['/dev/ttyUSB*', '/dev/ttyACM?'],
  'eliot.run/camera': ['/dev/v4l/by-id/usb-*-index0', '/dev/video[0-3]'],
  'eliot.run/other': ['/dev/tty*'],
};

describe('a path below /dev', () => {
  for (const [path, resource] of [
    ['/dev/ttyUSB0', 'eliot.run/serial'],
    ['/dev/ttyACM1', 'eliot.run/serial'],
    ['/dev/ttyACM12', 'eliot.run/other'],
    ['/dev/v4l/by-id/usb-a.b-index0', 'eliot.run/camera'],
    ['/dev/v4l/by-id/x/usb-a-index0', undefined],
    ['/dev/video3', 'eliot.run/camera'],
    ['/dev/video4', undefined],
    ['/dev/mem', undefined],
  ] as const) {
    it(`is ${resource ?? 'none that is offered'}: ${path}`, () => assert.equal(resourceOf(path, offered), resource));
  }
});

describe('what a node offers', () => {
  it('is what it says, and nothing when that cannot be read', () => {
    const annotations = { 'eliot.run/devices': JSON.stringify(offered) };
    assert.deepEqual(offeredDevicesOf({ metadata: { annotations } }), offered);
    assert.deepEqual(offeredDevicesOf({ metadata: {} }), {});
    assert.deepEqual(offeredDevicesOf({ metadata: { annotations: { 'eliot.run/devices': '{' } } }), {});
  });
});
