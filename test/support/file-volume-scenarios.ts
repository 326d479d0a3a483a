/** Scenarios that hold alike for every volume whose files come from one ConfigMap or Secret. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { GroupVersionResource } from '../../src/api/object-client.ts';
import type { ScenarioDevice } from './scenario-device.ts';

interface SourceOptions {
  readonly items?: readonly { readonly key: string; readonly path: string; readonly mode?: number }[];
  readonly defaultMode?: number;
  readonly optional?: boolean;
}

/** One kind of such a volume. */
export interface FileVolumes {
  /** Its slugs begin with this. */
  readonly area: string;
  readonly resource: GroupVersionResource;
  /** Creates the object; its name. */
  make(on: ScenarioDevice, texts: Readonly<Record<string, string>>): Promise<string>;
  /** The patch that replaces the object's texts; a null removes one. */
  change(texts: Readonly<Record<string, string | null>>): unknown;
  source(name: string, options: SourceOptions): Readonly<Record<string, unknown>>;
}

interface Scenario {
  readonly sentence: string;
  check(on: ScenarioDevice, volumes: FileVolumes): Promise<void>;
}

const texts = { 'data-1': 'value-1', 'data-2': 'value-2' };
const mapped = [{ key: 'data-2', path: 'path/to/data-2' }];
const showMapped = 'cd /v; stat -Lc %a path/to/data-2; cat path/to/data-2; echo; ls';
const asUser = { securityContext: { runAsUser: 1000 } };

const scenarios = {
  plain: {
    sentence: 'each key is a file of mode 0644',
    check: checkOutput({}, {}, 'cd /v; stat -Lc %a data-1; cat data-1 data-2', '644\nvalue-1value-2'),
  },
  'non-root': {
    sentence: 'another user can read at the default mode',
    check: checkOutput({}, asUser, 'id -u; cat /v/data-1', '1000\nvalue-1'),
  },
  'default-mode': {
    sentence: 'defaultMode is the mode of the files',
    check: checkOutput({ defaultMode: 0o400 }, {}, 'stat -Lc %a /v/data-1; cat /v/data-1', '400\nvalue-1'),
  },
  'non-root-fsgroup': {
    sentence: 'members of the fsGroup read files of mode 0440',
    check: checkOutput(
      { defaultMode: 0o440 },
      { securityContext: { runAsUser: 1000, fsGroup: 1001 } },
      'id -u; stat -Lc "%a %g" /v/data-1; cat /v/data-1',
      '1000\n440 1001\nvalue-1',
    ),
  },
  mapping: {
    sentence: 'items put a key at a path, and nothing else is there',
    check: checkOutput({ items: mapped }, {}, showMapped, '644\nvalue-2\npath\n'),
  },
  'mapping-item-mode': {
    sentence: "an item's mode wins over the default",
    check: checkOutput(
      { items: mapped.map((item) => ({ ...item, mode: 0o400 })) },
      {},
      showMapped,
      '400\nvalue-2\npath\n',
    ),
  },
  'mapping-non-root': {
    sentence: 'another user can read a mapped path',
    check: checkOutput({ items: mapped }, asUser, showMapped, '644\nvalue-2\npath\n'),
  },
  'two-volumes': {
    sentence: 'one object fills two volumes of a pod',
    check: async (on, volumes) => {
      const source = volumes.source(await volumes.make(on, texts), {});
      const printed = await on.output({ volumes: { a: source, b: source }, line: 'cat /a/data-1 /b/data-1' });
      assert.equal(printed, 'value-1value-1');
    },
  },
  update: {
    sentence: 'a changed value reaches the running pod',
    check: async (on, volumes) => {
      const name = await volumes.make(on, texts);
      const pod = await on.running({ volumes: { v: volumes.source(name, {}) }, line: 'sleep 3600' });
      await on.prints(pod, 'cat /v/data-1', 'value-1');
      await on.patch(volumes.resource, name, volumes.change({ 'data-1': 'value-3' }), 'merge');
      await on.prints(pod, 'cat /v/data-1', 'value-3');
      await on.delete(pod);
    },
  },
  'optional-updates': {
    sentence: 'optional sources follow a creation, a change and a deletion while the pod runs',
    check: async (on, volumes) => {
      const changed = await volumes.make(on, texts);
      const deleted = await volumes.make(on, texts);
      const optional = (name: string) => volumes.source(name, { optional: true });
      const later = on.name('later');
      const pod = await on.running({
        volumes: { later: optional(later), changed: optional(changed), deleted: optional(deleted) },
        line: 'sleep 3600',
      });
      await on.prints(
        pod,
        'ls /later; ls /changed /deleted',
        '/changed:\ndata-1\ndata-2\n\n/deleted:\ndata-1\ndata-2\n',
      );
      const made = await volumes.make(on, { 'data-1': 'not this one' });
      const { metadata: _, ...rest } = await on.client.get(volumes.resource, { namespace: 'default', name: made });
      await on.client.create(volumes.resource, { ...rest, metadata: { namespace: 'default', name: later } });
      await on.patch(volumes.resource, changed, volumes.change({ 'data-1': null, 'data-3': 'value-3' }), 'merge');
      await on.client.delete(volumes.resource, { namespace: 'default', name: deleted });
      await on.prints(pod, 'cat /later/data-1', 'not this one');
      await on.prints(pod, 'ls /changed; cat /changed/data-3', 'data-2\ndata-3\nvalue-3');
      await on.prints(pod, 'ls /deleted', '');
      await on.delete(pod);
    },
  },
} satisfies Readonly<Record<string, Scenario>>;

export type FileVolumeScenario = keyof typeof scenarios;

/** Declares one test for each of the scenarios named. */
export function testFileVolumes(
  on: () => ScenarioDevice,
  volumes: FileVolumes,
  names: readonly FileVolumeScenario[],
): void {
  for (const name of names) {
    const { sentence, check }: Scenario = scenarios[name];
    it(`${volumes.area}/${name}: ${sentence}`, () => check(on(), volumes));
  }
}

function checkOutput(
  options: SourceOptions,
  spec: Readonly<Record<string, unknown>>,
  line: string,
  expected: string,
): Scenario['check'] {
  return async (on, volumes) => {
    const source = volumes.source(await volumes.make(on, texts), options);
    assert.equal(await on.output({ volumes: { v: source }, spec, line }), expected);
  };
}
