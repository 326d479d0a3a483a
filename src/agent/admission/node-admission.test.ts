import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Node } from '../../api/kinds/node.ts';
import type { Pod } from '../../api/kinds/pod/types.ts';
import { makePod } from '../../testing/pods.ts';
import { settle } from '../../testing/settle.ts';
import { NodeAdmission } from './node-admission.ts';

const node = {
  metadata: { name: 'device', labels: {} },
  spec: { taints: [{ key: 'lab', effect: 'NoExecute' }] },
  status: { allocatable: { cpu: '1', pods: '10' } },
} as unknown as Node;
const tolerations = [{ operator: 'Exists' }];

function pod(name: string, cpu: string, spec: object = {}, status: object = {}): Pod {
  const containers = [{ name: 'a', image: 'i', resources: { requests: { cpu } } }];
  return makePod({ metadata: { name, uid: name }, spec: { containers, tolerations, ...spec }, status });
}

async function setUp(first: readonly Pod[]) {
  const pods = [...first];
  let tell: (change: { readonly type: string; readonly object: Pod }) => void = () => {};
  const admission = new NodeAdmission({
    nodeName: 'device',
    pods: {
      list: () => pods,
      onChange: (listener) => {
        tell = listener;
        return () => {};
      },
      whenSynced: async () => {},
    },
    node: () => node,
  });
  await admission.run(new AbortController().signal);
  await settle();
  const add = (added: Pod): Pod => {
    pods.push(added);
    tell({ type: 'added', object: added });
    return added;
  };
  return { admission, add };
}

describe("the node's own check of pods that name it", () => {
  it('refuses what does not fit, in the words of the kubelet, and once', async () => {
    const { admission, add } = await setUp([pod('old', '600m')]);
    const big = add(pod('big', '500m'));
    assert.deepEqual(admission.verdict(big), {
      reason: 'OutOfcpu',
      message: "Pod was rejected: Node didn't have enough resource: cpu, requested: 500, used: 600, capacity: 1000",
      event: {
        reason: 'OutOfcpu',
        message: "Node didn't have enough resource: cpu, requested: 500, used: 600, capacity: 1000",
      },
    });
    assert.equal(admission.verdict(big), undefined);
  });

  it('gives the room to the first of several', async () => {
    const { admission, add } = await setUp([]);
    const [a, b] = [add(pod('a', '600m')), add(pod('b', '600m'))];
    assert.equal(admission.verdict(a), undefined);
    assert.equal(admission.verdict(b)?.reason, 'OutOfcpu');
  });

  it('refuses by selector, port and NoExecute taint', async () => {
    const { admission, add } = await setUp([]);
    const port = { containers: [{ name: 'a', image: 'i', ports: [{ containerPort: 1, hostPort: 80 }] }] };
    assert.equal(admission.verdict(add(pod('s', '1m', { nodeSelector: { a: 'b' } })))?.reason, 'NodeAffinity');
    assert.equal(admission.verdict(add(pod('p', '1m', port))), undefined);
    assert.match(
      admission.verdict(add(pod('q', '1m', port)))?.message ?? '',
      /Predicate NodePorts failed: node\(s\) didn't/,
    );
    assert.equal(admission.verdict(add(pod('t', '1m', { tolerations: [] })))?.reason, 'TaintToleration');
  });

  it('judges no pod that the scheduler placed, and none that was there before', async () => {
    const before = pod('before', '5');
    const { admission, add } = await setUp([before]);
    const placed = add(pod('placed', '5', {}, { conditions: [{ type: 'PodScheduled', status: 'True' }] }));
    assert.equal(admission.verdict(before), undefined);
    assert.equal(admission.verdict(placed), undefined);
  });
});
