/** Debian packages of this checkout's bundles, built for a test: compressed little, since that is most of the work. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run, runOk } from '../command.ts';

const root = join(import.meta.dirname, '../../..');

/** What builds and checks them, by the names of the programs; `scripts/prepare.sh test` installs it. */
const neededPrograms = ['dpkg-deb', 'lintian'];

/** Why no packages can be built here; undefined when they can. */
export async function whyNoPackages(programs: readonly string[] = neededPrograms): Promise<string | undefined> {
  const isThere = (name: string): Promise<boolean> =>
    run(name, ['--version']).then(
      ({ exitCode }) => exitCode === 0,
      () => false,
    );
  for (const name of programs) if (!(await isThere(name))) return `${name} is not installed`;
  return process.arch === 'x64' ? undefined : 'this test looks at packages for amd64';
}

export class BuiltPackages {
  readonly directory = mkdtempSync(join(tmpdir(), 'eliot-packages-'));

  /** @param version of `eliot` and `eliot-cli` */
  async build(version: string, architecture = 'amd64'): Promise<void> {
    const args = ['--architecture', architecture, '--version', version, '--out', this.directory, '--quick'];
    await runOk('node', [join(root, 'scripts/package.ts'), ...args], { timeoutMs: 240_000 });
  }

  /** Path of a built package. */
  file(name: string, version?: string): string {
    const wanted = version === undefined ? `${name}_` : `${name}_${version}_`;
    const found = readdirSync(this.directory).find((file) => file.startsWith(wanted));
    if (found === undefined) throw new Error(`no ${wanted}… among ${readdirSync(this.directory).join(', ')}`);
    return join(this.directory, found);
  }

  /** Which architecture's Node takes the kept code of eli, in an extracted package. @param node a program, after its emulator */
  async takesKeptCode(node: readonly string[], dist: string): Promise<string> {
    const probe = join(this.directory, 'probe.cjs');
    writeFileSync(
      probe,
      `const { readFileSync } = require('node:fs');
       const isRefused = (program) => {
         const cachedData = readFileSync(process.argv[2] + program + '.cache');
         const source = readFileSync(process.argv[2] + program + '.cjs', 'latin1');
         return new (require('node:vm').Script)(source, { cachedData }).cachedDataRejected;
       };
       console.log(['/eli-small', '/eli-program'].some(isRefused) ? 'none' : process.arch);`,
    );
    const [program = '', ...before] = node;
    return (await runOk(program, [...before, probe, dist])).stdout.trim();
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}
