/**
 * A sync session as a process of its own, for a station of a network lab:
 * `node sync-client.ts KUBECONFIG SERVER POD DIRECTORY` prints each state as a line of JSON, `{"kind":"first"}` when the first sync is
 * done, and goes on until it is ended.
 */
import { readFile } from 'node:fs/promises';
import { startSync } from '../../src/cli/sync/sync-session.ts';
import { loadKubeconfig } from '../../src/client/kubeconfig.ts';
import { Transport } from '../../src/client/transport.ts';
import { createSystemClock } from '../../src/lib/clock.ts';

const [kubeconfig = '', server = '', pod = '', directory = ''] = process.argv.slice(2);
const target = await loadKubeconfig({ paths: [kubeconfig], readFile });
const tell = (what: object): void => console.log(JSON.stringify(what));
const session = startSync(
  {
    transport: new Transport({ ...target.transport, server }),
    clock: createSystemClock(),
    namespace: 'default',
    pod,
    volume: 'code',
    directory,
    ignore: [],
    twoWay: false,
    onState: tell,
  },
  new AbortController().signal,
);
tell({ kind: 'first', ...(await session.first) });
for await (const change of session.changes) tell(change);
