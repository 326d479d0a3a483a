/** The child of eliotd that keeps one directory in step with a client: requests on stdin, answers on stdout, until both end. */
import { parseArgs } from 'node:util';
import { openTree } from '../agent/file-sync/open-tree.ts';
import { serveTree } from '../agent/file-sync/serve-tree.ts';
import { createSystemClock } from '../lib/clock.ts';

// Files get the permissions that they are meant to have.
process.umask(0);
const { values } = parseArgs({
  options: {
    root: { type: 'string', default: '' },
    staging: { type: 'string' },
    uid: { type: 'string', default: '0' },
    gid: { type: 'string', default: '0' },
  },
});
const owner = { uid: Number(values.uid), gid: Number(values.gid) };
const tree = openTree({ root: values.root, staging: values.staging, owner }, createSystemClock());
await serveTree(tree, process.stdin, process.stdout);
tree.places.close();
// It may be open still; nobody reads it.
process.stdin.destroy();
