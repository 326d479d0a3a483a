/** Debian's own DNS-SD daemon at a station, on a message bus of its own: the other responder beside eliotd. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Background } from './background.ts';
import type { Station } from './network-lab.ts';
import { waitFor } from './wait.ts';

export interface Avahi {
  /** What `avahi-browse --resolve` finds within a second, one line a finding and address. */
  browse(type: string): Promise<string>;
  close(): Promise<void>;
}

/** Everybody may do everything: only one test is on this bus. */
const busConfig = (
  socket: string,
): string => `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path=${socket}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_destination="*"/><allow eavesdrop="true"/></policy>
</busconfig>
`;

export async function startAvahi(station: Station): Promise<Avahi> {
  const directory = join(station.home, 'avahi');
  mkdirSync(directory);
  const files = {
    bus: join(directory, 'bus'),
    busConfig: join(directory, 'bus.conf'),
    config: join(directory, 'avahi.conf'),
  };
  writeFileSync(files.busConfig, busConfig(files.bus));
  writeFileSync(files.config, `[server]\nhost-name=${station.name}\nuse-ipv6=no\n[publish]\npublish-hinfo=no\n`);
  const env = { DBUS_SYSTEM_BUS_ADDRESS: `unix:path=${files.bus}` };
  const running: Background[] = [];
  const start = (command: string, args: readonly string[]): Background => {
    const started = station.background(command, args, env);
    running.push(started);
    return started;
  };
  const close = async (): Promise<void> => {
    for (const program of running.toReversed()) await program.stop();
  };
  try {
    start('dbus-daemon', ['--config-file', files.busConfig, '--nofork', '--nopidfile']);
    await waitFor('the message bus', () => existsSync(files.bus));
    // Its pid file has one place; the daemon of this machine, if there is one, has it.
    const hidden = 'mount -t tmpfs none /run && mkdir /run/avahi-daemon && exec "$@"';
    const daemon = ['avahi-daemon', '--file', files.config, '--no-drop-root', '--no-chroot', '--no-rlimits'];
    const avahi = start('unshare', ['--mount', 'sh', '-c', hidden, 'sh', ...daemon]);
    await waitFor('avahi-daemon', () => {
      if (avahi.child.exitCode !== null) throw new Error(`avahi-daemon ended:\n${avahi.stderr}`);
      return avahi.stderr.includes('Server startup complete');
    });
  } catch (error) {
    await close();
    throw error;
  }
  return {
    browse: async (type) =>
      (await station.runOk('avahi-browse', ['--resolve', '--parsable', '--terminate', type], { env })).stdout,
    close,
  };
}
