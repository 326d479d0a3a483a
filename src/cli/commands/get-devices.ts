/**
 * `eli get nodes` when no device is named: every device that was paired, and every one that the network shows. On a terminal
 * what was known the last time stands there at once and is drawn again as answers come; elsewhere there is one table.
 */
import { type Kubeconfig, openKubeconfig } from '../../client/kubeconfig.ts';
import type { CommandContext } from '../context.ts';
import { devicesPath } from '../devices/devices-path.ts';
import { readKubeconfig } from '../devices/kubeconfig-store.ts';
import { rememberMoved } from '../devices/moved-device.ts';
import { devicesIn, type PairedDevice } from '../devices/paired-devices.ts';
import { readDeviceCache, updateDeviceCache } from '../discovery/device-cache.ts';
import { DeviceSurvey } from '../discovery/device-survey.ts';
import type { FoundDevice } from '../discovery/found-devices.ts';
import { type BoardDevice, boardNodes, boardTable } from '../discovery/node-board.ts';
import type { OutputFormat } from '../printers/output-format.ts';
import { renderTable, type TableOptions } from '../printers/table.ts';
import { LiveArea } from '../terminal/live-area.ts';
import { fitText } from '../terminal/text-width.ts';
import { type GetFlags, listOf, printerOf } from './get.ts';

/** Prints them; resolves with the exit code: 0, also when there are none, as for every list. */
export async function getDevices(flags: GetFlags, format: OutputFormat, context: CommandContext): Promise<number> {
  const { io, signal } = context;
  const known = await readPaired(context);
  const remembered = await readDeviceCache(io);
  const tableOf = (board: readonly BoardDevice[]): string =>
    renderTable(boardTable(board, io.clock.now()), optionsOf(flags, format));
  const live = format.kind === 'table' && io.stdout.isTTY ? new LiveArea(io.stdout) : undefined;
  const draw = (board: readonly BoardDevice[]): void => {
    // A last line that says there is more to come.
    const lines = [...tableOf(board).split('\n').slice(0, -1), 'looking for devices …'];
    if (live && lines.length <= live.rows) live.draw(lines.map((line) => fitText(line, live.columns, '…')));
  };
  const survey = new DeviceSurvey({ ...io, ...known, remembered, signal, onChange: draw });
  let board: readonly BoardDevice[];
  try {
    draw(survey.board({ isOver: false }));
    board = await survey.run();
  } finally {
    live?.erase();
  }
  if (format.kind !== 'table') {
    await context.print(await printerOf(format, flags)(listOf(boardNodes(board))));
  } else if (board.length > 0) {
    await context.print(tableOf(board));
  } else {
    context.note('No devices found: none is paired, and none answers on the network.');
    context.hint('  one that multicast does not reach is named by its address:  eli pair ADDRESS CODE');
  }
  noteCopies(survey.found, context);
  await updateDeviceCache(remembered, survey.found, io);
  for (const { name, server } of survey.moved) await rememberMoved(name, server, io, signal);
  return 0;
}

function optionsOf(flags: GetFlags, format: OutputFormat): TableOptions {
  return {
    wide: format.kind === 'table' && format.wide,
    noHeaders: flags.headers === false,
    withNamespace: false,
    showLabels: flags.showLabels ?? false,
    labelColumns: (flags.labelColumns ?? []).flatMap((keys) => keys.split(',')),
  };
}

async function readPaired({
  io,
}: CommandContext): Promise<{ paired: readonly PairedDevice[]; kubeconfig: Kubeconfig | undefined }> {
  const path = devicesPath(io.env);
  if (path === undefined || (await io.files.kindOf(path)) === 'missing') return { paired: [], kubeconfig: undefined };
  const paired = devicesIn(await readKubeconfig(path, io.files));
  const kubeconfig = await openKubeconfig({ paths: [path], readFile: (file) => io.files.readFile(file) });
  return { paired, kubeconfig };
}

/** A memory card that was copied gives two devices one identity: whoever may use one may use the other. */
function noteCopies(found: readonly FoundDevice[], context: CommandContext): void {
  for (const fingerprint of new Set(found.map((device) => device.fingerprint))) {
    const copies = found.filter((device) => device.fingerprint === fingerprint);
    if (copies.length < 2) continue;
    const names = copies.map(({ instance, addresses }) => `${instance} at ${addresses[0]}`).join(', ');
    context.note(
      `Warning: these devices have one identity (${fingerprint.slice(0, 12)}), as copies of a memory card have: ${names}`,
    );
  }
}
