/** GET /version: which Kubernetes this speaks, and that it is Eliot. */
export interface VersionOptions {
  /** Eliot's own version, as `0.1.0`. */
  readonly eliotVersion: string;
  readonly gitCommit?: string;
  /** RFC 3339. */
  readonly buildDate?: string;
}

/** The minor version whose behaviour is served; clients warn when they differ from it by more than one. */
const kubernetes = { major: '1', minor: '35', patch: '0' };

/** `version.Info`. `gitVersion` carries Eliot's name, by which `eli` knows that a device answers. */
export function versionInfo({
  eliotVersion,
  gitCommit = '',
  buildDate = '1970-01-01T00:00:00Z',
}: VersionOptions): unknown {
  const { major, minor, patch } = kubernetes;
  return {
    major,
    minor,
    emulationMajor: major,
    emulationMinor: minor,
    minCompatibilityMajor: major,
    minCompatibilityMinor: minor,
    gitVersion: `v${major}.${minor}.${patch}+eliot-${eliotVersion}`,
    gitCommit,
    gitTreeState: 'clean',
    buildDate,
    goVersion: `node${process.versions.node}`,
    compiler: 'node',
    platform: `${process.platform}/${process.arch === 'x64' ? 'amd64' : process.arch}`,
  };
}
