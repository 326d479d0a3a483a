/** How long devices are waited for; what becomes of their answers is in `get-devices.test.ts`. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { after, before, beforeEach, describe, it } from 'node:test';
import { FakeClock } from '../../testing/fake-clock.ts';
import { answerOf, fakeLan, type LanDevice } from '../../testing/fake-lan.ts';
import { settle, until } from '../../testing/settle.ts';
import type { PairedDevice } from '../devices/paired-devices.ts';
import { DeviceSurvey } from './device-survey.ts';
import type { BoardDevice } from './node-board.ts';

describe('a survey of devices that do not answer', () => {
  let server: Server;
  let sockets: Socket[] = [];
  before(async () => {
    // It takes connections, and never says a word.
    server = createServer((socket) => sockets.push(socket.on('error', () => {}).resume())).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  beforeEach(() => {
    sockets = [];
  });
  after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });

  const addressOf = (): string => `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const paired = (name: string, fingerprint: string): PairedDevice => ({
    name,
    server: addressOf(),
    namespace: undefined,
    fingerprint: fingerprint.repeat(64),
    isCurrent: false,
  });
  const [kitchen, garage] = ['a', 'b'] as const;

  interface Running {
    readonly clock: FakeClock;
    /** Undefined until it has ended. */
    readonly board: () => readonly BoardDevice[] | undefined;
  }

  /** Begins a survey on a network that shows `present`, and waits until all that are paired are being asked. */
  async function begin(devices: readonly PairedDevice[], present: readonly LanDevice[]): Promise<Running> {
    const clock = new FakeClock();
    let board: readonly BoardDevice[] | undefined;
    const contextNames = devices.map(({ name }) => name);
    const target = async (contextName: string) => ({
      contextName,
      namespace: undefined,
      transport: { server: addressOf(), insecureSkipTlsVerify: true },
    });
    const survey = new DeviceSurvey({
      lan: fakeLan(() => present.map(answerOf)),
      clock,
      signal: new AbortController().signal,
      paired: devices,
      kubeconfig: { currentContext: undefined, contextNames, target },
      remembered: [],
      onChange: () => {},
    });
    void survey.run().then((all) => {
      board = all;
    });
    await until(() => sockets.length === devices.length, 'a connection to each');
    return { clock, board: () => board };
  }

  async function advanceTo(clock: FakeClock, ms: number): Promise<void> {
    while (clock.monotonicMs() < ms) {
      clock.advance(Math.min(25, ms - clock.monotonicMs()));
      await settle();
    }
  }

  const shown = (node: string, fingerprint: string): LanDevice => {
    return { node, fingerprint, address: '127.0.0.1', port: (server.address() as AddressInfo).port };
  };

  it('waits 900 ms for one that shows up nowhere', async () => {
    const { clock, board } = await begin([paired('kitchen', kitchen)], []);
    await advanceTo(clock, 899);
    assert.equal(board(), undefined);
    await advanceTo(clock, 900);
    await until(() => board() !== undefined);
  });

  it('waits three seconds for one that is there, and not so long for the others', async () => {
    const devices = [paired('kitchen', kitchen), paired('garage', garage)];
    const { clock, board } = await begin(devices, [shown('garage', garage)]);
    await advanceTo(clock, 900);
    await until(
      () => sockets.filter(({ destroyed }) => destroyed).length === 1,
      'the end of the connection to kitchen',
    );
    await advanceTo(clock, 2_999);
    assert.equal(board(), undefined);
    await advanceTo(clock, 3_000);
    await until(() => board() !== undefined);
  });
});
