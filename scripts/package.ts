/**
 * Builds the Debian packages from what `scripts/build.ts` has made, and says what they weigh.
 *
 *   node scripts/package.ts [--architecture amd64,arm64] [--out dist-packages] [--version VERSION] [--quick]
 *
 * `--quick` compresses little, for tests. Needs dpkg-deb, binutils for both architectures, and qemu to run the Node of the
 * other one: `scripts/prepare.sh package` installs them.
 */
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import packageJson from '../package.json' with { type: 'json' };
import { keepCode } from './build-cli.ts';
import { architectureOf, architectures } from './package/architectures.ts';
import { buildDeb } from './package/deb.ts';
import { prepareNode } from './package/node-runtime.ts';
import { packagesOf } from './package/packages.ts';
import { debianVersion, readCheckout } from './package/version.ts';

const root = join(import.meta.dirname, '..');
const { values } = parseArgs({
  options: {
    architecture: { type: 'string', default: architectures.map(({ name }) => name).join(',') },
    out: { type: 'string', default: join(root, 'dist-packages') },
    version: { type: 'string' },
    quick: { type: 'boolean', default: false },
  },
});
const checkout = readCheckout(root);
const version = values.version ?? debianVersion(packageJson.version, checkout);
// https://reproducible-builds.org/specs/source-date-epoch/
const epochSeconds = Number(process.env['SOURCE_DATE_EPOCH'] ?? checkout?.committedAtSeconds ?? 0);

mkdirSync(values.out, { recursive: true });
const work = mkdtempSync(join(tmpdir(), 'eliot-package-'));
try {
  for (const architecture of values.architecture.split(',').map(architectureOf)) {
    const node = prepareNode(architecture, join(root, '.cache/packages'));
    const keptCode = join(work, `${architecture.name}-code`);
    mkdirSync(keptCode);
    await keepCode(join(root, 'dist'), [...architecture.emulator, node.program], keptCode);
    const input = { root, architecture: architecture.name, version, node, keptCode, epochSeconds };
    for (const deb of packagesOf(input)) {
      const path = buildDeb(deb, values.out, { isQuick: values.quick });
      const megabytes = (statSync(path).size / 1e6).toFixed(2).padStart(7);
      console.log(`${basename(path).padEnd(64)} ${megabytes} MB`);
    }
  }
} finally {
  rmSync(work, { recursive: true });
}
