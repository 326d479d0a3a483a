/** `eli config view`: the paired devices as a table, or as a kubeconfig without its secrets. */
import type { CommandContext } from '../context.ts';
import {
  contextsOf,
  currentContextOf,
  type KubeconfigDocument,
  keepContext,
  sortByName,
} from '../devices/kubeconfig-document.ts';
import { openDevices } from '../devices/open-devices.ts';
import { devicesIn, type PairedDevice } from '../devices/paired-devices.ts';
import { withoutSecrets } from '../devices/without-secrets.ts';
import { parseOutputFormat } from '../printers/output-format.ts';
import { toJson, toYaml } from '../printers/serialize.ts';
import { renderTable, type Table } from '../printers/table.ts';
import { UsageError } from '../usage-error.ts';

export interface ConfigViewFlags {
  readonly headers?: boolean;
  readonly minify?: boolean;
  readonly raw?: boolean;
}

/** Prints what the file of paired devices says; a missing file says nothing. */
export async function runConfigView(flags: ConfigViewFlags, context: CommandContext): Promise<number> {
  const format = parseOutputFormat(context.flags.output, ['table', 'json', 'yaml', 'name']);
  const file = openDevices(context);
  const document = flags.minify ? onlyCurrent(await file.read(), context) : await file.read();
  switch (format.kind) {
    case 'json':
    case 'yaml': {
      const sorted = sortByName(document);
      const shown = flags.raw ? sorted : withoutSecrets(sorted);
      await context.print(format.kind === 'json' ? toJson(shown) : await toYaml(shown));
      return 0;
    }
    case 'name':
      await context.print(
        contextsOf(document)
          .map(({ name }) => `${name}\n`)
          .join(''),
      );
      return 0;
    default:
      await printTable(devicesIn(document), flags, context, format.kind === 'table' && format.wide);
      return 0;
  }
}

async function printTable(
  devices: readonly PairedDevice[],
  flags: ConfigViewFlags,
  context: CommandContext,
  wide: boolean,
): Promise<void> {
  if (devices.length === 0) {
    context.note('No devices paired yet.');
    return;
  }
  const table: Table = {
    kind: 'Table',
    columnDefinitions: [
      { name: 'Current', type: 'string' },
      { name: 'Name', type: 'string' },
      { name: 'Server', type: 'string' },
      { name: 'Namespace', type: 'string' },
      { name: 'Fingerprint', type: 'string', priority: 1 },
    ],
    rows: devices.map(({ isCurrent, name, server, namespace, fingerprint }) => ({
      cells: [isCurrent ? '*' : '', name, server, namespace ?? '', fingerprint],
    })),
  };
  const options = {
    wide,
    noHeaders: flags.headers === false,
    withNamespace: false,
    showLabels: false,
    labelColumns: [],
  };
  await context.print(renderTable(table, options));
}

function onlyCurrent(document: KubeconfigDocument, { flags }: CommandContext): KubeconfigDocument {
  const name = flags.context ?? flags.node ?? currentContextOf(document);
  if (name === undefined) throw new UsageError('current-context must exist in order to minify');
  return keepContext(document, name);
}
