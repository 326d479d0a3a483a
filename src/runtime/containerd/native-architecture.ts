import { StatusError } from '../../lib/status-error.ts';

const architectures: Readonly<Record<string, string | undefined>> = { x64: 'amd64', arm64: 'arm64' };

/**
 * The processor of this machine, as images name it.
 *
 * @throws StatusError `NotFound` on one that our own programs were not built for
 */
export function nativeArchitecture(): string {
  const architecture = architectures[process.arch];
  if (architecture === undefined) throw new StatusError('NotFound', `eliot is not built for ${process.arch}`);
  return architecture;
}

/** Node's names of architectures as OCI writes them, with the older ones each runs. */
export function nativeArchitectures(): readonly string[] {
  switch (process.arch) {
    case 'x64':
      return ['amd64', '386'];
    case 'arm64':
      return ['arm64', 'arm'];
    default:
      return [process.arch];
  }
}
