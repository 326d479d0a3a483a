import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { MachineMarks } from '../../host/machine-marks.ts';
import type { IdentityFiles } from '../device-identity.ts';
import { computeDifference, noticeOtherMachine } from './other-machine.ts';

const pi: MachineMarks = { machineId: 'aa', serial: '1', macs: ['dc:01'] };

describe('two machines', () => {
  for (const { what, recorded = pi, present, differ } of [
    { what: 'the same machine', present: pi },
    {
      what: 'a board with another number',
      present: { ...pi, serial: '2' },
      differ: 'its serial number was 1 and is 2',
    },
    { what: 'the same board with another system', present: { ...pi, machineId: 'bb' } },
    { what: 'the same board with another network card', present: { ...pi, macs: ['dc:09'] } },
    {
      what: 'without numbers, another machine-id',
      recorded: { machineId: 'aa', macs: [] },
      present: { machineId: 'bb', macs: [] },
      differ: 'its machine-id was aa and is bb',
    },
    {
      what: 'without numbers, other network cards',
      recorded: { machineId: 'aa', macs: ['dc:01', 'dc:02'] },
      present: { machineId: 'aa', macs: ['dc:09'] },
      differ: 'its network card was dc:01, dc:02 and is dc:09',
    },
    {
      what: 'without numbers, one network card more',
      recorded: { machineId: 'aa', macs: ['dc:01'] },
      present: { machineId: 'aa', macs: ['dc:00', 'dc:01'] },
    },
    { what: 'a machine whose cards have not come up yet', recorded: { macs: ['dc:01'] }, present: { macs: [] } },
  ] as {
    readonly what: string;
    readonly recorded?: MachineMarks;
    readonly present: MachineMarks;
    readonly differ?: string;
  }[]) {
    it(`${differ ? 'are told by' : 'are not told by'} ${what}`, () => {
      assert.equal(computeDifference(recorded, present), differ);
    });
  }
});

describe('the machine of an identity', () => {
  function files(): IdentityFiles & { readonly contents: Map<string, string> } {
    const contents = new Map<string, string>();
    return {
      contents,
      read: async (path) => contents.get(path),
      write: async (path, content) => void contents.set(path, content),
    };
  }

  it('is recorded at the first start, and compared at the next ones', async () => {
    const disk = files();
    assert.equal(await noticeOtherMachine('/d', pi, disk), undefined);
    assert.equal(await noticeOtherMachine('/d', pi, disk), undefined);
    for (const _start of [1, 2]) {
      assert.match(
        (await noticeOtherMachine('/d', { ...pi, serial: '2' }, disk)) ?? '',
        /^The identity of this device was made on another machine: its serial number was 1 and is 2\. .* "eliotd reset --identity"; .* remove \/d\/machine\.json$/,
      );
    }
    assert.deepEqual(JSON.parse(disk.contents.get('/d/machine.json') ?? ''), pi);
  });

  it('is recorded anew when its record is damaged', async () => {
    const disk = files();
    disk.contents.set('/d/machine.json', '{"ser');
    assert.equal(await noticeOtherMachine('/d', pi, disk), undefined);
    assert.deepEqual(JSON.parse(disk.contents.get('/d/machine.json') ?? ''), pi);
  });
});
