/** On the loopback alone: what is said there nobody else hears. */
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { mdnsPort } from './eliot-service.ts';
import type { Link } from './links.ts';
import type { Peer } from './multicast-port.ts';
import { MulticastSockets } from './multicast-sockets.ts';

const lo: Link = {
  name: 'lo',
  address: '127.0.0.1',
  addresses: [{ address: '127.0.0.1', family: 'IPv4', cidr: '127.0.0.1/8' }],
};

interface Heard {
  readonly text: string;
  readonly from: Peer;
}

describe('multicast sockets', () => {
  const opened: MulticastSockets[] = [];
  after(() => opened.forEach((sockets) => void sockets.close()));

  async function open(
    mode: 'shared' | 'private',
  ): Promise<{ sockets: MulticastSockets; heard: (text: string) => Promise<Heard> }> {
    const all: Heard[] = [];
    const waiting = new Set<() => void>();
    const sockets = new MulticastSockets({
      mode,
      onPacket: (_link, bytes, from) => {
        all.push({ text: bytes.toString(), from });
        for (const wake of waiting) wake();
      },
      onError: (error) => assert.fail(error),
    });
    opened.push(sockets);
    assert.deepEqual(await sockets.setLinks([lo]), { open: ['lo'], fresh: ['lo'] });
    const heard = async (text: string): Promise<Heard> => {
      for (;;) {
        const found = all.find((one) => one.text === text);
        if (found) return found;
        await new Promise<void>((resolve) => waiting.add(resolve));
      }
    };
    return { sockets, heard };
  }

  it('of several programs share the port, and each hears what one says to the group', async () => {
    const [one, other] = [await open('shared'), await open('shared')];
    await one.sockets.send('lo', Buffer.from('to all, shared'));
    const { from } = await other.heard('to all, shared');
    assert.deepEqual([from.address, from.port], ['127.0.0.1', mdnsPort]);
    assert.ok(await one.heard('to all, shared'));
  });

  it('of their own port ask the group, and hear what is told to them alone', async () => {
    const [device, asker] = [await open('shared'), await open('private')];
    await asker.sockets.send('lo', Buffer.from('who is there?'));
    const { from } = await device.heard('who is there?');
    assert.notEqual(from.port, mdnsPort);
    await device.sockets.send('lo', Buffer.from('I am'), from);
    assert.ok(await asker.heard('I am'));
  });

  it('keep a link that is still there, and forget one that is not', async () => {
    const { sockets } = await open('shared');
    assert.deepEqual(await sockets.setLinks([lo]), { open: ['lo'], fresh: [] });
    assert.deepEqual(await sockets.setLinks([]), { open: [], fresh: [] });
    await sockets.send('lo', Buffer.from('nobody hears'));
    assert.deepEqual(await sockets.setLinks([lo]), { open: ['lo'], fresh: ['lo'] });
  });

  it('say what does not work, and go on with the other links', async () => {
    const errors: string[] = [];
    const sockets = new MulticastSockets({
      mode: 'shared',
      onPacket: () => {},
      onError: (_error, link) => errors.push(link?.name ?? ''),
    });
    opened.push(sockets);
    const gone = { ...lo, name: 'gone', address: '203.0.113.1' };
    assert.deepEqual(await sockets.setLinks([gone, lo]), { open: ['lo'], fresh: ['lo'] });
    assert.ok(errors.length > 0 && errors.every((name) => name === 'gone'));
  });

  it('are closed for good', async () => {
    const { sockets } = await open('shared');
    sockets.close();
    sockets.close();
    assert.deepEqual(await sockets.setLinks([lo]), { open: [], fresh: [] });
  });
});
