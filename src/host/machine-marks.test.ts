import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { readMachineMarks } from './machine-marks.ts';

describe('the marks of a machine', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'eliot-marks-'));
  });
  afterEach(() => rmSync(root, { recursive: true }));
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };

  it('are its id, the serial number of its board, and the addresses of its real network cards', async () => {
    write('etc/machine-id', '0123456789abcdef0123456789abcdef\n');
    write('sys/firmware/devicetree/base/serial-number', '10000000deadbeef\0');
    for (const [name, mac] of [
      ['wlan0', 'dc:a6:32:00:00:02'],
      ['eth0', 'dc:a6:32:00:00:01'],
    ] as const) {
      write(`sys/class/net/${name}/address`, `${mac}\n`);
      write(`sys/class/net/${name}/device/vendor`, '');
    }
    write('sys/class/net/veth1/address', '02:00:00:00:00:01\n');
    assert.deepEqual(await readMachineMarks(root), {
      machineId: '0123456789abcdef0123456789abcdef',
      serial: '10000000deadbeef',
      macs: ['dc:a6:32:00:00:01', 'dc:a6:32:00:00:02'],
    });
  });

  it('take the next number when a board was given none', async () => {
    write('sys/class/dmi/id/product_uuid', '00000000-0000-0000-0000-000000000000\n');
    write('sys/class/dmi/id/product_serial', 'PF1ABCDE\n');
    assert.deepEqual(await readMachineMarks(root), { serial: 'PF1ABCDE', macs: [] });
    write('sys/class/dmi/id/product_serial', 'To be filled by O.E.M.\n');
    assert.deepEqual(await readMachineMarks(root), { macs: [] });
  });
});
