import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { emptyMessage, encodeMessage } from '../../lib/mdns/message.ts';
import { isWorthReading } from './is-worth-reading.ts';

const names = { host: 'eliot-1.local' };
const question = (name: string): Buffer =>
  encodeMessage({ ...emptyMessage, questions: [{ name, type: 'ANY', wantsUnicast: false }] });

describe('a message', () => {
  for (const name of ['_eliot._tcp.local', '_ELIOT._tcp.local', 'kitchen._eliot._tcp.local', 'Eliot-1.local']) {
    it(`about ${name} is worth reading`, () => assert.ok(isWorthReading(question(name), names)));
  }
  it('about the services of the network is, too', () => {
    assert.ok(isWorthReading(question('_services._dns-sd._udp.local'), names));
  });
  for (const name of ['_http._tcp.local', 'my_eliot._tcp.local', 'eliot-2.local']) {
    it(`about ${name} is not`, () => assert.ok(!isWorthReading(question(name), names)));
  }
});
