/** Projects that are compiled on the device: Go and Rust. Pure. */
import { cacheDirectory, type DetectedProject, usualWorkdir } from './detected-project.ts';
import type { ProjectFiles } from './project-files.ts';

/** `go.mod`, or files of Go; the program is what is built of `.`, or of the only directory below `cmd`. Undefined for no Go. */
export function detectGo(files: ProjectFiles): DetectedProject | undefined {
  const sources = [...files.keys()].filter((path) => path.endsWith('.go'));
  const because = ['go.mod', ...sources].find((path) => files.has(path));
  if (because === undefined) return undefined;
  const commands = [...files.keys()].filter((path) => path.startsWith('cmd/'));
  const main = sources.some((path) => !path.includes('/'))
    ? '.'
    : commands.length === 1
      ? `./${commands[0]?.replace(/\/[^/]*\.go$/, '')}`
      : undefined;
  const program = `${cacheDirectory}/program`;
  return {
    kind: 'go',
    because,
    image: 'docker.io/library/golang:latest',
    workdir: usualWorkdir,
    // Not "go run": signals and the exit code are then those of a program around ours.
    command: main === undefined ? undefined : ['sh', '-c', `go build -o ${program} ${main} && exec ${program}`],
    env: [`GOCACHE=${cacheDirectory}/go-build`, `GOMODCACHE=${cacheDirectory}/go-mod`],
    ports: [],
  };
}

/** `Cargo.toml`; the program is what cargo runs. Undefined for no Rust. */
export function detectRust(files: ProjectFiles): DetectedProject | undefined {
  if (!files.has('Cargo.toml')) return undefined;
  return {
    kind: 'rust',
    because: 'Cargo.toml',
    image: 'docker.io/library/rust:latest',
    workdir: usualWorkdir,
    // It becomes the program by exec.
    command: ['cargo', 'run'],
    env: [`CARGO_HOME=${cacheDirectory}/cargo`, `CARGO_TARGET_DIR=${cacheDirectory}/target`],
    ports: [],
  };
}
