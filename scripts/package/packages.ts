/**
 * What is in which Debian package (docs/adr/0043): `eliot-runtime` is the Node that both programs run with, `eliot-cli` is
 * eli, `eliot` is eliotd with its service.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { shellScripts } from '../../src/cli/completion/shell-scripts.ts';
import { eliMan } from '../man/eli-man.ts';
import { eliotdMan } from '../man/eliotd-man.ts';
import { type Content, type DebPackage, gzip } from './deb.ts';
import { copyrightFile, newestChanges, packedChangelog } from './documents.ts';
import { libraryDirectory, packagedLauncher } from './launcher.ts';
import { type NodeRuntime, runtimeEpochSeconds } from './node-runtime.ts';

export interface PackageInput {
  /** The checkout; `dist` is built. */
  readonly root: string;
  /** Debian's name. */
  readonly architecture: string;
  /** Of eli and eliotd. */
  readonly version: string;
  readonly node: NodeRuntime;
  /** Directory with V8's code of eli's programs, made by this Node on this architecture. */
  readonly keptCode: string;
  readonly epochSeconds: number;
}

/** The three, in the order in which one needs the other. */
export function packagesOf(input: PackageInput): DebPackage[] {
  return [runtimePackage(input), cliPackage(input), daemonPackage(input)];
}

/** What the official binaries of Node 24 are linked against. */
const nodeDepends = 'libc6 (>= 2.28), libgcc-s1 (>= 3.4), libstdc++6 (>= 5)';

function runtimePackage({ architecture, node }: PackageInput): DebPackage {
  const name = 'eliot-runtime';
  const version = node.version;
  const changes = [`Node.js ${version}, the official binary without its symbols.`];
  return {
    name,
    version,
    architecture,
    fields: { Depends: nodeDepends },
    summary: 'JavaScript runtime of Eliot',
    description: [
      'The exact version of Node.js that eli and eliotd are made for and tested',
      'with. It is a package of its own, so that an update of Eliot need not bring',
      'it again. It is in no PATH and does not touch another Node.js.',
    ],
    files: {
      [`${libraryDirectory}/node`]: { copyOf: node.program },
      ...documents(name, copyrightFile(readFileSync(node.licence, 'utf8')), {
        version,
        changes,
        epochSeconds: runtimeEpochSeconds,
      }),
      [overridesPath(name)]:
        `# The official binary of Node.js brings the libraries that it was tested with, linked as its makers do.
${name}: embedded-library
${name}: hardening-no-pie [${libraryDirectory}/node]
${foreignLicences(name)}# One of them is the GNU GPL with a former address.
${name}: old-fsf-address-in-copyright-file
`,
    },
    programs: [`${libraryDirectory}/node`],
    epochSeconds: runtimeEpochSeconds,
  };
}

function cliPackage({ root, architecture, version, node, keptCode, epochSeconds }: PackageInput): DebPackage {
  const name = 'eliot-cli';
  const bundles = readdirSync(join(root, 'dist')).filter((file) => /^eli(?:-[a-z-]+)?\.cjs$/.test(file));
  return {
    name,
    version,
    architecture,
    fields: { Depends: `eliot-runtime (= ${node.version})` },
    summary: 'command line for IoT devices that run Eliot',
    description: [
      'eli deploys containers to IoT devices and looks after them there, in the',
      'words of kubectl and docker: it applies manifests, follows logs, opens',
      'shells and loads images.',
      '',
      'For a laptop; on a device it comes with the package eliot.',
    ],
    files: {
      'usr/bin/eli': packagedLauncher(readFileSync(join(root, 'bin/eli'), 'utf8')),
      ...copies(join(root, 'dist'), bundles),
      // Without the first line, by which npm starts it with a Node in the PATH.
      [`${libraryDirectory}/dist/eli.cjs`]: readFileSync(join(root, 'dist/eli.cjs'), 'utf8').replace(/^#!.*\n/, ''),
      ...copies(keptCode, readdirSync(keptCode)),
      'usr/share/bash-completion/completions/eli': shellScripts.bash,
      'usr/share/zsh/vendor-completions/_eli': shellScripts.zsh,
      'usr/share/fish/vendor_completions.d/eli.fish': shellScripts.fish,
      'usr/share/man/man1/eli.1.gz': gzip(eliMan(dateOf(epochSeconds))),
      ...documents(name, noticesOf(root, 'eli'), { version, changes: changesOf(root), epochSeconds }),
    },
    epochSeconds,
    programs: ['usr/bin/eli'],
  };
}

function daemonPackage({ root, architecture, version, node, epochSeconds }: PackageInput): DebPackage {
  const name = 'eliot';
  const script = (kind: string): string => readFileSync(join(root, `packaging/debian/${name}.${kind}`), 'utf8');
  const openApi = readdirSync(join(root, 'dist/openapi')).map((file) => `openapi/${file}`);
  const parts = readdirSync(join(root, 'dist')).filter((file) => /^eliotd-.+\.c?js$/.test(file));
  /** What runs inside containers, where there are no libraries. */
  const inside = ['pause', 'hold'].map((program) => `assets/${program}/${program}-${architecture}`);
  return {
    name,
    version,
    architecture,
    fields: {
      Depends: [
        `eliot-cli (= ${version}), eliot-runtime (= ${node.version})`,
        'containerd | containerd.io, runc | containerd.io, containernetworking-plugins',
        'iproute2, iptables, mount',
      ].join(', '),
      Recommends: 'ca-certificates',
    },
    summary: 'containers on an IoT device, with the Kubernetes API',
    description: [
      'eliotd turns a device into a Kubernetes node of its own: it serves the',
      'Kubernetes API, runs pods on containerd and keeps them running through',
      'crashes, power cuts and days without a network.',
      '',
      'Pods go on running while this package is upgraded, and stop when it is',
      'removed; their data goes with a purge.',
    ],
    files: {
      'usr/sbin/eliotd': packagedLauncher(readFileSync(join(root, 'bin/eliotd'), 'utf8')),
      ...copies(join(root, 'dist'), [
        'eliotd.js',
        'eliot-bundle.js',
        'eliot-certificates.js',
        'eliot-sync.js',
        'eliot-images.js',
        ...parts,
        'package.json',
        ...openApi,
      ]),
      ...Object.fromEntries(inside.map((path) => [`${libraryDirectory}/${path}`, { copyOf: join(root, path) }])),
      'usr/lib/systemd/system/eliotd.service': { copyOf: join(root, 'packaging/systemd/eliotd.service') },
      'etc/eliot/eliotd.yaml': { copyOf: join(root, 'packaging/eliotd.yaml') },
      'usr/share/man/man8/eliotd.8.gz': gzip(eliotdMan(dateOf(epochSeconds))),
      ...documents(name, noticesOf(root, 'eliotd'), { version, changes: changesOf(root), epochSeconds }),
      [overridesPath(name)]:
        `# Programs that run inside containers, where there are no libraries; they are 600 and 1,700 bytes.
${inside.map((path) => `${name}: statically-linked-binary [${libraryDirectory}/${path}]\n`).join('')}${foreignLicences(name)}`,
    },
    epochSeconds,
    programs: ['usr/sbin/eliotd', ...inside.map((path) => `${libraryDirectory}/${path}`)],
    conffiles: ['etc/eliot/eliotd.yaml'],
    scripts: { postinst: script('postinst'), prerm: script('prerm'), postrm: script('postrm') },
  };
}

function copies(dist: string, names: readonly string[]): Record<string, Content> {
  return Object.fromEntries(names.map((name) => [`${libraryDirectory}/dist/${name}`, { copyOf: join(dist, name) }]));
}

function documents(
  name: string,
  copyright: string,
  entry: { readonly version: string; readonly changes: readonly string[]; readonly epochSeconds: number },
): Record<string, Content> {
  return {
    [`usr/share/doc/${name}/copyright`]: copyright,
    [`usr/share/doc/${name}/changelog.gz`]: packedChangelog({ package: name, ...entry }),
  };
}

function noticesOf(root: string, program: string): string {
  return copyrightFile(readFileSync(join(root, `dist/${program}.NOTICES.txt`), 'utf8'));
}

function changesOf(root: string): string[] {
  return newestChanges(readFileSync(join(root, 'CHANGELOG.md'), 'utf8'));
}

function foreignLicences(name: string): string {
  return `# Licences of others stand whole, as they came.\n${name}: copyright-file-contains-full-apache-2-license\n`;
}

function overridesPath(name: string): string {
  return `usr/share/lintian/overrides/${name}`;
}

function dateOf(epochSeconds: number): string {
  return new Date(epochSeconds * 1_000).toISOString().slice(0, 10);
}
