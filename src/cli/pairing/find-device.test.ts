import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createSystemClock } from '../../lib/clock.ts';
import { answerOf, fakeLan, type LanDevice } from '../../testing/fake-lan.ts';
import { UsageError } from '../usage-error.ts';
import { findDevice } from './find-device.ts';

const kitchen = { node: 'kitchen', address: '192.168.1.1', fingerprint: 'a' };
const garage = { node: 'garage', address: '192.168.1.2', fingerprint: 'b', port: 7443 };
const { signal } = new AbortController();

function find(typed: string, devices: readonly LanDevice[]): Promise<string> {
  return findDevice(typed, { lan: fakeLan(() => devices.map(answerOf)), clock: createSystemClock() }, signal);
}

async function refusal(typed: string, devices: readonly LanDevice[]): Promise<UsageError> {
  const error: unknown = await find(typed, devices).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof UsageError);
  return error;
}

describe('the device to pair with', () => {
  it('is at the address that was typed, without a look at the network', async () => {
    assert.equal(await find('192.168.1.9:7443', []), 'https://192.168.1.9:7443');
  });

  it('is where the network shows its name, whatever its port', async () => {
    assert.equal(await find('Kitchen', [kitchen, garage]), 'https://192.168.1.1:6443');
    assert.equal(await find('garage', [kitchen, garage]), 'https://192.168.1.2:7443');
  });

  it('is not there: those that are are named', async () => {
    const error = await refusal('attic', [kitchen, garage]);
    assert.equal(error.message, 'no device named "attic" answers on this network; there is: garage, kitchen');
    assert.match(error.hint ?? '', /eli pair ADDRESS CODE/);
    assert.equal((await refusal('attic', [])).message, 'no device named "attic" answers on this network');
  });

  it('is nobody when two have the name: one of them may be an impostor', async () => {
    const other = { ...kitchen, address: '192.168.1.3', fingerprint: 'c', instance: 'kitchen (2)' };
    const error = await refusal('kitchen', [kitchen, other]);
    assert.equal(error.message, 'several devices are named "kitchen": at 192.168.1.1:6443, 192.168.1.3:6443');
  });

  it('is nothing that is neither name nor address', async () => {
    assert.match((await refusal('a b', [])).message, /neither the name nor the address/);
  });
});
