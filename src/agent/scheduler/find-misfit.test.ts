import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Node } from '../../api/kinds/node.ts';
import type { Pod } from '../../api/kinds/pod/types.ts';
import { makePod } from '../../testing/pods.ts';
import { findMisfit } from './find-misfit.ts';
import { NodeLoad } from './node-load.ts';

const node = (parts: { spec?: object; labels?: object; allocatable?: object } = {}): Node =>
  ({
    metadata: {
      name: 'device',
      labels: { 'kubernetes.io/hostname': 'device', disk: 'ssd', cores: '4', ...parts.labels },
    },
    spec: { ...parts.spec },
    status: { allocatable: { cpu: '2', memory: '1Gi', pods: '3', ...parts.allocatable } },
  }) as unknown as Node;

let count = 0;
const pod = (spec: object = {}, metadata: object = {}): Pod => {
  count += 1;
  return makePod({ metadata: { uid: `u${count}`, name: `p${count}`, ...metadata }, spec });
};
const asking = (requests: object, more: object = {}): object => ({
  containers: [{ name: 'a', image: 'i', resources: { requests } }],
  ...more,
});
const withPort = (hostPort: number, more: object = {}): object => ({
  containers: [{ name: 'a', image: 'i', ports: [{ containerPort: 80, hostPort, protocol: 'TCP', ...more }] }],
});
const affinity = (term: object): object => ({
  affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [term] } } },
});
const apart = (labels: object): object => ({
  affinity: {
    podAntiAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: [
        { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: labels } },
      ],
    },
  },
});
const reasons = (wanted: Pod, others: readonly Pod[] = [], on: Node = node()): readonly string[] =>
  findMisfit(wanted, { node: on, load: new NodeLoad(others), namespaceLabels: () => ({ team: 'a' }) })?.reasons ?? [];

describe('whether a pod fits on the node', () => {
  it('does, when there is room', () => {
    assert.deepEqual(reasons(pod(asking({ cpu: '2', memory: '1Gi' }))), []);
  });

  it('does not, when requests of others leave too little, and says of what, sorted', () => {
    const other = pod(asking({ cpu: '1500m', memory: '600Mi' }));
    assert.deepEqual(reasons(pod(asking({ memory: '500Mi', cpu: '600m' })), [other]), [
      'Insufficient cpu',
      'Insufficient memory',
    ]);
    assert.deepEqual(reasons(pod(asking({ cpu: '500m' })), [other]), []);
  });

  it('knows extended resources, and that none of an unknown one are there', () => {
    const on = node({ allocatable: { 'eliot.run/serial': '1' } });
    assert.deepEqual(reasons(pod(asking({ 'eliot.run/serial': '1' })), [], on), []);
    assert.deepEqual(reasons(pod(asking({ 'eliot.run/serial': '1' }))), ['Insufficient eliot.run/serial']);
  });

  it('does not, when the node holds as many pods as it can', () => {
    assert.deepEqual(reasons(pod(), [pod(), pod(), pod()]), ['Too many pods']);
  });

  it('says that no end of others helps when it asks for more than there is', () => {
    const view = { node: node(), load: new NodeLoad(), namespaceLabels: () => undefined };
    assert.equal(findMisfit(pod(asking({ cpu: '3' })), view)?.isResolvable, false);
  });

  it('obeys a cordon, unless the pod tolerates it', () => {
    const on = node({ spec: { unschedulable: true } });
    assert.deepEqual(reasons(pod(), [], on), ['node(s) were unschedulable']);
    const tolerations = [{ key: 'node.kubernetes.io/unschedulable', operator: 'Exists' }];
    assert.deepEqual(reasons(pod({ tolerations }), [], on), []);
  });

  it('obeys taints that keep pods off, and names them', () => {
    const on = node({
      spec: {
        taints: [
          { key: 'nice', effect: 'PreferNoSchedule' },
          { key: 'lab', value: 'x', effect: 'NoSchedule' },
        ],
      },
    });
    assert.deepEqual(reasons(pod(), [], on), ['node(s) had untolerated taint {lab: x}']);
    assert.deepEqual(reasons(pod({ tolerations: [{ key: 'lab', value: 'x' }] }), [], on), []);
    assert.deepEqual(reasons(pod({ tolerations: [{ key: 'lab', value: 'y' }] }), [], on).length, 1);
    assert.deepEqual(reasons(pod({ tolerations: [{ operator: 'Exists' }] }), [], on), []);
  });

  it('keeps only pods that ask for nothing away while memory is short', () => {
    const on = node({ spec: { taints: [{ key: 'node.kubernetes.io/memory-pressure', effect: 'NoSchedule' }] } });
    assert.deepEqual(reasons(pod(asking({ memory: '1Mi' })), [], on), []);
    assert.equal(reasons(pod(), [], on).length, 1);
  });

  const elsewhere = ["node(s) didn't match Pod's node affinity/selector"];
  for (const { what, spec, fits } of [
    { what: 'a selector that matches', spec: { nodeSelector: { disk: 'ssd' } }, fits: true },
    { what: 'a selector that does not match', spec: { nodeSelector: { disk: 'hdd' } }, fits: false },
    {
      what: 'an affinity that holds',
      spec: affinity({ matchExpressions: [{ key: 'cores', operator: 'Gt', values: ['2'] }] }),
      fits: true,
    },
    {
      what: 'an affinity that does not hold',
      spec: affinity({ matchExpressions: [{ key: 'disk', operator: 'NotIn', values: ['ssd'] }] }),
      fits: false,
    },
    {
      what: 'an affinity to the name of the node',
      spec: affinity({ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['device'] }] }),
      fits: true,
    },
    { what: 'an affinity without requirements', spec: affinity({}), fits: false },
  ]) {
    it(`${fits ? 'does' : 'does not'} with ${what}`, () => {
      assert.deepEqual(reasons(pod(spec)), fits ? [] : elsewhere);
    });
  }

  it('does not share a port of the device, of which every address includes each one', () => {
    const taken = ["node(s) didn't have free ports for the requested pod ports"];
    const everywhere = pod(withPort(8080));
    assert.deepEqual(reasons(pod(withPort(8080, { hostIP: '192.0.2.1' })), [everywhere]), taken);
    assert.deepEqual(
      reasons(pod(withPort(8080, { hostIP: '0.0.0.0' })), [pod(withPort(8080, { hostIP: '192.0.2.1' }))]),
      taken,
    );
    assert.deepEqual(
      reasons(pod(withPort(8080, { hostIP: '192.0.2.1' })), [pod(withPort(8080, { hostIP: '192.0.2.2' }))]),
      [],
    );
    assert.deepEqual(reasons(pod(withPort(8080, { protocol: 'UDP' })), [everywhere]), []);
    assert.deepEqual(reasons(pod(withPort(8081)), [everywhere]), []);
  });

  it('obeys required affinity to other pods and away from them, from both sides', () => {
    const web = pod({}, { labels: { app: 'web' } });
    assert.deepEqual(reasons(pod(apart({ app: 'web' })), [web]), ["node(s) didn't match pod anti-affinity rules"]);
    assert.deepEqual(reasons(web, [pod(apart({ app: 'web' }))]), [
      "node(s) didn't satisfy existing pods anti-affinity rules",
    ]);
    const beside = {
      affinity: {
        podAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: [
            { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: { app: 'web' } } },
          ],
        },
      },
    };
    assert.deepEqual(reasons(pod(beside)), ["node(s) didn't match pod affinity rules"]);
    assert.deepEqual(reasons(pod(beside), [web]), []);
    // The first of its own group.
    assert.deepEqual(reasons(pod(beside, { labels: { app: 'web' } })), []);
  });
});
