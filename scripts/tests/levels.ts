/** The levels of tests, in the stages in which they run. */
export interface Level {
  readonly name: string;
  /** Files of the level, as a glob below the repository. */
  readonly files: string;
  /** Files of it that may run at once. */
  readonly atOnce: number;
  /** How many files may run for each core, also on a busy machine; default 1. */
  readonly perCore?: number;
  /** For one test, and for one file. */
  readonly timeoutMs: number;
  /** Files that take long; they begin, so that none is left to run alone at the end. */
  readonly first?: readonly string[];
  /** Runs only when it is asked for. */
  readonly onDemand?: boolean;
}

const e2e = 'test/e2e';

/**
 * Levels of one stage run at once. Devices of the end-to-end level and of the guides have directories, ports and
 * networks of their own; integration tests share cgroups and registries, and the guides one device.
 */
export const stages: readonly (readonly Level[])[] = [
  [
    {
      name: 'unit',
      files: 'src/**/*.test.ts',
      atOnce: 4,
      perCore: 2,
      timeoutMs: 120_000,
      first: ['src/cli/commands/run.test.ts', 'src/cli/commands/up.test.ts', 'src/cli/sync/convergence.test.ts'],
    },
    { name: 'architecture', files: 'test/*.test.ts', atOnce: 1, timeoutMs: 120_000 },
  ],
  [
    { name: 'docs', files: 'test/docs/**/*.test.ts', atOnce: 1, timeoutMs: 300_000 },
    { name: 'integration', files: 'test/integration/**/*.test.ts', atOnce: 1, timeoutMs: 300_000 },
    {
      name: 'e2e',
      files: `${e2e}/**/*.test.ts`,
      atOnce: 4,
      timeoutMs: 600_000,
      first: ['fuzz', 'faults', 'run', 'crash-loops', 'conformance/probes', 'survival', 'pipes', 'push'].map(
        (name) => `${e2e}/${name}.test.ts`,
      ),
    },
  ],
  [{ name: 'packages', files: 'test/packages/**/*.test.ts', atOnce: 1, timeoutMs: 600_000, onDemand: true }],
  [{ name: 'vm', files: 'test/vm/**/*.test.ts', atOnce: 1, timeoutMs: 2_400_000, onDemand: true }],
];
