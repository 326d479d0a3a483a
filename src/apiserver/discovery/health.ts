/** /livez, /readyz and /healthz, with Kubernetes' text for each named check. */
export interface HealthCheck {
  readonly name: string;
  /** `livez`: the process should be started again when it fails; `readyz`: it cannot serve yet. */
  readonly kinds: readonly ('livez' | 'readyz')[];
  /** Resolves with undefined when all is well, else with what is wrong. */
  check(): Promise<string | undefined> | string | undefined;
}

export interface HealthReport {
  readonly ok: boolean;
  readonly text: string;
}

/**
 * @param verbose name every check also when all is well
 * @param excluded names of checks that are not to be run (`?exclude=`)
 */
export async function checkHealth(
  checks: readonly HealthCheck[],
  kind: 'livez' | 'readyz',
  verbose: boolean,
  excluded: readonly string[] = [],
): Promise<HealthReport> {
  const wanted = checks.filter((check) => check.kinds.includes(kind) && !excluded.includes(check.name));
  const results = await Promise.all(wanted.map(async (check) => ({ name: check.name, wrong: await run(check) })));
  const ok = results.every(({ wrong }) => wrong === undefined);
  if (ok && !verbose) return { ok, text: 'ok' };
  const lines = [{ name: 'ping', wrong: undefined }, ...results].map(({ name, wrong }) =>
    // Why it failed is for those who may read the log; this path answers everybody.
    wrong === undefined ? `[+]${name} ok` : `[-]${name} failed: reason withheld`,
  );
  return { ok, text: `${lines.join('\n')}\n${kind} check ${ok ? 'passed' : 'failed'}\n` };
}

async function run(check: HealthCheck): Promise<string | undefined> {
  try {
    return await check.check();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
