/**
 * Which of Kubernetes' conformance scenarios passed, counted per area.
 *
 * A scenario is a test whose name begins with the scenario's id (`probe/liveness-exec-ok: …`);
 * `test/conformance/areas.json` lists the ids of each area. Pure, but for the last function.
 */
import { stripVTControlCharacters } from 'node:util';

/** One area of the specification, with the ids of its scenarios. */
export interface Area {
  readonly level: string;
  readonly area: string;
  readonly scenarios: readonly string[];
}

export interface ScenarioResults {
  readonly passed: ReadonlySet<string>;
  readonly failed: ReadonlySet<string>;
}

/**
 * Reads the lines of node:test's spec reporter. A scenario that is tested more than once has passed when it
 * passed each time; one that was skipped has neither passed nor failed.
 */
export function readScenarios(lines: Iterable<string>): ScenarioResults {
  const passed = new Set<string>();
  const failed = new Set<string>();
  for (const line of lines) {
    const match = /^\s*([✔✖]) ([a-z0-9-]+(?:\/[a-z0-9-]+)+): /u.exec(stripVTControlCharacters(line));
    if (match?.[2] === undefined || / # (SKIP|TODO)/.test(line)) continue;
    (match[1] === '✔' ? passed : failed).add(match[2]);
  }
  return { passed: passed.difference(failed), failed };
}

/**
 * The table that the test run ends with; a scenario of a known family that no area has is named, so that no misspelt
 * id hides. Other names with a slash are no scenarios.
 */
export function formatCounts(areas: readonly Area[], { passed, failed }: ScenarioResults): readonly string[] {
  const known = new Set(areas.flatMap(({ scenarios }) => scenarios));
  const families = new Set([...known].map(familyOf));
  const rows = areas.map(({ level, area, scenarios }) => {
    const count = scenarios.filter((scenario) => passed.has(scenario)).length;
    return `${level}  ${`${count}/${scenarios.length}`.padStart(7)}  ${area}`;
  });
  const total = [...known].filter((scenario) => passed.has(scenario)).length;
  const unknown = [...passed, ...failed].filter((name) => !known.has(name) && families.has(familyOf(name)));
  return [
    ...rows,
    `all ${`${total}/${known.size}`.padStart(7)}`,
    ...(failed.size > 0 ? [`failed: ${[...failed].sort().join(' ')}`] : []),
    ...(unknown.length > 0 ? [`in no area: ${unknown.sort().join(' ')}`] : []),
  ];
}

/** `probe` of `probe/liveness-exec-ok`. */
function familyOf(scenario: string): string {
  return scenario.slice(0, scenario.indexOf('/'));
}
