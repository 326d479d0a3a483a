import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatMachine, type Machine, parseMachine, readMachine } from './own-machine.ts';

/** A machine whose files say this. */
const machineOf = (id: string | undefined, boot: string): Promise<Machine | undefined> =>
  readMachine({
    readFile: async (path) => {
      const text = path.endsWith('machine-id') ? id : boot;
      if (text === undefined) throw new Error(`no ${path}`);
      return Buffer.from(`${text}\n`);
    },
  });

describe('the machine of a session', () => {
  it('is known again, and its boot as well', async () => {
    const [first, again, rebooted, other] = [
      await machineOf('aa', 'b1'),
      await machineOf('aa', 'b1'),
      await machineOf('aa', 'b2'),
      await machineOf('cc', 'b1'),
    ];
    assert.deepEqual(again, first);
    assert.equal(rebooted?.id, first?.id);
    assert.notEqual(rebooted?.boot, first?.boot);
    assert.notEqual(other?.id, first?.id);
    assert.match(first?.id ?? '', /^[0-9a-f]{16}$/);
  });

  it('is nobody’s when its system does not say', async () => {
    for (const id of [undefined, '', 'uninitialized']) assert.equal(await machineOf(id, 'b1'), undefined);
    assert.equal(await machineOf('aa', ''), undefined);
  });

  it('is read as it was written, and nothing else is', () => {
    const machine = { id: 'aa', boot: 'b1' };
    assert.deepEqual(parseMachine(formatMachine(machine)), machine);
    for (const text of [undefined, '', 'aa', '.', 'aa.', '.b1']) assert.equal(parseMachine(text), undefined);
  });
});
