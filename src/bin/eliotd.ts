/** The device daemon: reads flags, calls one root, ends with its exit code. */
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runAgent } from '../agent/agent.ts';
import { describeRenewal, renewIdentity } from '../agent/identity/renew-identity.ts';
import { askForCode, describeCode } from '../agent/pairing/ask-for-code.ts';
import { parsePairArguments } from '../agent/pairing/pair-arguments.ts';
import { resetDevice, stopDevice } from '../agent/reset.ts';
import { eliotdHelp } from '../agent/settings/help.ts';
import { type LoadedSettings, loadSettings } from '../agent/settings/load-settings.ts';
import { createSystemClock } from '../lib/clock.ts';
import { createJsonLogger, describeError } from '../lib/json-logger.ts';
import { giveBackStartMemory } from '../lib/start-memory.ts';
import { version } from '../lib/version.ts';

/** What is shipped beside the bundle. */
const assets = fileURLToPath(new URL('../assets', import.meta.url));

/** Of `eliotd reset`: only who the device is. */
const identityFlag = '--identity';

const stopping = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stopping.abort());
// Who started us may close the pipe and go; the daemon stays.
process.stdout.on('error', () => {});

const settingsFrom = (args: readonly string[]): LoadedSettings =>
  loadSettings({ args, env: process.env, readFile: (path) => readFileSync(path, 'utf8'), hostname: hostname() });

async function main(args: readonly string[]): Promise<void> {
  const [command, ...rest] = args;
  if (args.includes('--help') || command === 'help') {
    process.stdout.write(eliotdHelp);
  } else if (command === '--version' || command === 'version') {
    process.stdout.write(`eliotd ${version}\n`);
  } else if (command === 'pair') {
    const { request, quiet, settings } = parsePairArguments(rest);
    const socket = join(settingsFrom(settings).runDir, 'eliotd.sock');
    const answer = await askForCode(socket, request, stopping.signal);
    process.stdout.write(quiet ? `${answer.code}\n` : describeCode(answer));
  } else if (command === 'reset' && rest.includes(identityFlag)) {
    const settings = settingsFrom(rest.filter((arg) => arg !== identityFlag));
    const log = createJsonLogger(settings.logLevel === 'info' ? 'warn' : settings.logLevel, 2);
    const people = await renewIdentity({ settings, clock: createSystemClock(), log });
    process.stdout.write(describeRenewal(settings.dataDir, people));
  } else if (command === 'reset' || command === 'stop') {
    const settings = settingsFrom(rest);
    const log = createJsonLogger(settings.logLevel === 'info' ? 'warn' : settings.logLevel, 2);
    const takeAway = command === 'reset' ? resetDevice : stopDevice;
    await takeAway({ settings, clock: createSystemClock(), log, assets, env: process.env }, stopping.signal);
  } else {
    const settings = settingsFrom(args);
    await runAgent(
      {
        settings,
        clock: createSystemClock(),
        log: createJsonLogger(settings.logLevel, 2),
        certificatesProgram: fileURLToPath(new URL('./eliot-certificates.js', import.meta.url)),
        syncProgram: fileURLToPath(new URL('./eliot-sync.js', import.meta.url)),
        imagesProgram: fileURLToPath(new URL('./eliot-images.js', import.meta.url)),
        bundleProgram: fileURLToPath(new URL('./eliot-bundle.js', import.meta.url)),
        nodeProgram: process.execPath,
        assets,
        openApi: fileURLToPath(new URL('./openapi', import.meta.url)),
        env: process.env,
        writeToStdout: (text) => void process.stdout.write(text),
        onReady: (server, kubeconfig) => {
          process.stdout.write(`eliotd ready  ${server}  kubeconfig ${kubeconfig}\n`);
          void giveBackStartMemory({ clock: createSystemClock(), collect: globalThis.gc }, stopping.signal);
        },
      },
      stopping.signal,
    );
  }
}

try {
  await main(process.argv.slice(2));
  process.exit(0);
} catch (error) {
  if (stopping.signal.aborted && error === stopping.signal.reason) process.exit(0);
  process.stderr.write(`eliotd: ${describeError(error)}\n`);
  process.exit(1);
}
