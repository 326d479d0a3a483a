/**
 * Same command, same output as kubectl 1.35: each row is a command line that both programs run on one device; stdout,
 * stderr and exit code must be the same. Eli may say more on lines of its own, indented, under a failure.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { CommandResult } from '../support/command.ts';
import { shellPod, TestDevice, testImage } from '../support/device.ts';

/** What differs though nothing is different: times, figures that change, and the programs' own names. */
function normalize(text: string): string {
  return (
    text
      // A line of eli's own, and where kubectl says the same.
      .replace(/^ {2}.*\n?/gm, (line) => (isHint(line) ? '' : line))
      .replace(/^See 'kubectl .*' for (usage|help and examples)\.?\n/gm, '')
      .replace(/\bkubectl\b/g, 'eli')
      .replace(/creationTimestamp: .*/g, 'creationTimestamp: TIME')
      .replace(/(?<![\w.-])(\d+[smhdy]){1,2}(?![\w.-])/g, 'AGE')
      .replace(/ +/g, ' ')
  );
}

/** Set while stderr is normalized: indented lines of stdout are the output itself. */
let isHint = (_line: string): boolean => false;

function said({ stdout, stderr, exitCode }: CommandResult): object {
  isHint = () => false;
  const out = normalize(stdout);
  isHint = () => true;
  return { stdout: out, stderr: normalize(stderr), exitCode };
}

/** A command line; words with blanks are in quotes. */
function wordsOf(line: string): string[] {
  return (line.match(/(?:'[^']*'|[^\s'])+/g) ?? []).map((word) => word.replaceAll("'", ''));
}

describe('same command, same output as kubectl', { concurrency: 4 }, () => {
  let device: TestDevice;

  before(async () => {
    device = await TestDevice.start();
    const label = (pod: object, labels: Record<string, string>): object => {
      const { metadata } = pod as { metadata: object };
      return { ...pod, metadata: { ...metadata, labels } };
    };
    const web = shellPod('web', 'echo one; echo two; exec sleep 3600');
    await device.create(label(web, { app: 'web', tier: 'front' }));
    await device.create(label(shellPod('done', 'echo bye; exit 3', { restartPolicy: 'Never' }), { app: 'done' }));
    const kubectl = (line: string): Promise<CommandResult> => device.kubectlOk(wordsOf(line));
    await kubectl('create configmap one --from-literal=a=1 --from-literal=b=2');
    await kubectl('create configmap two');
    await kubectl('create secret generic hidden --from-literal=password=open');
    await kubectl('create namespace other');
    await kubectl(`create deployment roll --image=${testImage} --replicas=0`);
    await kubectl('rollout status deploy/roll --timeout=60s');
    await kubectl('set env deployment/roll A=1');
    await kubectl('rollout status deploy/roll --timeout=60s');
    writeFileSync(join(device.directory, 'one.yaml'), 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: one}\n');
    await device.waitForPhase('web', 'Running');
    await device.waitForPhase('done', 'Failed');
  });
  after(() => device?.close());

  const both = async (line: string): Promise<void> => {
    const words = wordsOf(line.replaceAll('DIR', device.directory));
    const [ours, theirs] = await Promise.all([device.eli(words), device.kubectl(words)]);
    assert.deepEqual(said(ours), said(theirs));
  };

  for (const line of [
    'get pods',
    'get po -o wide',
    'get pods -A -o wide',
    'get pods -A --no-headers=true',
    'get pod web done',
    'get pod/web cm/one',
    'get pods,cm --show-kind',
    'get pods -l app=web --show-labels',
    "get pods -l 'app in (web, done),tier!=back' -L app,tier",
    'get pods --field-selector=status.phase=Failed',
    'get pods --field-selector=status.phase!=Failed -o name',
    'get pods -l app=none',
    'get pods -n other',
    'get cm --sort-by=.metadata.name',
    "get cm --sort-by='{.metadata.name}' -o name",
    'get cm --sort-by=.spec.nothing -o name',
    'get cm --chunk-size=1',
    'get cm -A',
    'get nodes',
    'get node device -o wide',
    'get namespaces',
    'get ns default -o yaml',
    'get secret hidden -o json',
    'get secret hidden -o yaml',
    'get cm one two -o yaml',
    'get deploy,rs -o wide',
    'get all',
    "get pods -o jsonpath='{.items[*].metadata.name}'",
    `get pods -o jsonpath='{range .items[*]}{.metadata.name}{"\\t"}{.status.phase}{"\\n"}{end}'`,
    'get pods -o custom-columns=NAME:.metadata.name,IMAGE:.spec.containers[*].image',
    'get pod nope',
    'get pod nope web',
    'get pod nope --ignore-not-found',
    'get fruit',
    'get pods web -l app=web',
    'get pod web -A',

    'get --raw /version',
    'get --raw /api/v1/namespaces/default/configmaps/one',
    'get --raw /nope',
    'get --raw version',
    'get --raw /version -o yaml',
    'get --raw /version -w',
    'get pods --raw /version',

    'describe deployment roll',
    'describe rs -l app=roll',
    'describe cm one',
    'describe secret hidden',
    'describe pod done',
    'describe pod nope',
    'describe cm -l app=none',

    'events --for pod/nope',
    'events --types=Odd',
    'events --for nope',
    'events --for pod/done --types=Warning',
    'events --for pod/web --no-headers',
    'events -n other',

    'top pod nope',
    'top pod -l app=none',
    'top pod --sort-by=size',
    'top node nope',

    'rollout history deploy/roll',
    'rollout history deployment roll --revision=2',
    'rollout history deploy/roll --revision=9',
    'rollout history deploy/roll -o name',
    'rollout history pod/web',
    'rollout history deploy/nope',
    'rollout history',
    'rollout status deploy/roll',
    'rollout status deploy/roll --revision=7',
    'rollout undo deploy/roll --dry-run=client',
    'rollout undo deploy/roll --dry-run=server',
    'rollout undo deploy/roll --to-revision=9',
    'rollout undo deploy/roll --to-revision=2',
    'rollout resume deploy/roll',
    'rollout pause pod/web',

    'wait --for=condition=Ready pod/web',
    'wait --for=condition=Ready pod/done --timeout=0',
    'wait --for=condition=Ready=False pod/done -o name',
    "wait --for=jsonpath='{.status.phase}'=Running pod -l app=web",
    "wait --for=jsonpath='{.status}'=x pod/web",
    'wait --for=delete pod/nope',
    'wait --for=create cm --all',
    'wait --for=create pod/nope --timeout=100ms',
    'wait --for=condition=Ready pod/nope',
    'wait --for=condition=Ready pod -l app=none',
    'wait --for=condition=Ready pods',
    'wait --for=fruit pod/web',
    'wait pod/web',

    'logs web',
    'logs pod/web --tail=1',
    'logs web -c main --limit-bytes=4',
    'logs web --prefix',
    'logs done --all-containers',
    'logs -l app=web',
    'logs -l app=none',
    'logs web --previous',

    "exec web -- sh -c 'echo out; echo err >&2; exit 7'",
    'exec web -c main -- echo a b',
    'exec nope -- true',
    'exec done -- true',
    'attach done',
    'attach nope',
    'port-forward nope 80',
    'port-forward done 80',
    'port-forward web http',
    'port-forward web 80 --address nowhere',
    'cp nope:/x DIR/x',
    'cp DIR/nothing web:/tmp/x',
    'cp a b',
    'cp web:/a web:/b',

    'create cm two',
    'create cm fresh --from-literal=a=b --from-literal=c=d --dry-run=client -o yaml',
    'create cm fresh --from-literal=a',
    'create secret generic fresh --from-literal=a=b --dry-run=client -o yaml',
    'create ns fresh --dry-run=server',
    'create sa fresh --dry-run=client -o yaml -n other',
    'create deployment fresh --image=a/b:1 --port=80 --dry-run=client -o yaml -- sh -c x',
    'create deployment fresh',
    'create -f DIR/one.yaml',
    'create -f DIR/nothing.yaml',
    'create quota fresh --hard=cpu=0.5,memory=1024Mi --scopes=BestEffort --dry-run=client -o yaml',
    'create quota fresh --hard=pods=2 --dry-run=server',
    'create quota fresh --hard=pods',
    'create quota fresh --hard=pods=many',
    "create pdb fresh --selector='app in (a,b),!c' --min-available=50% --dry-run=client -o yaml",
    'create pdb fresh --selector=app=web --max-unavailable=1 --dry-run=server',
    'create pdb fresh --selector=app=web',
    'create pdb fresh --min-available=1',
    'create pdb fresh --selector=app=web --min-available=x',
    "create token default -o jsonpath='{.kind} {.spec.expirationSeconds} {.spec.audiences}'",
    "create token default --duration=20m --bound-object-kind=Pod --bound-object-name=web -o jsonpath='{.spec}'",
    'create token nope',
    'create token default --duration=1m',
    'create token default --bound-object-kind=Fruit --bound-object-name=x',
    'apply -f DIR/one.yaml --server-side --dry-run=server -o name',
    'delete cm one --dry-run=client',
    'delete cm one --dry-run=server -o name',
    'delete cm nope',
    'delete cm nope --ignore-not-found',
    'delete -f DIR/one.yaml --dry-run=server',
    'delete cm --all -l app=x',
    'scale deploy/roll --replicas=0 --current-replicas=4',
    'scale deploy/roll --replicas=2 --dry-run=server',
    'patch cm one -p {"data":{"a":"1"}}',
    'patch cm one -p {"data":{"a":"7"}} --dry-run=server',
    'patch cm one -p {} --type=odd',
    'patch cm one -p x',
    'patch cm one',
    'patch cm nope -p {}',
    'replace -f DIR/one.yaml --dry-run=server',
    'replace -f DIR/nothing.yaml',
    'set image deploy/roll busybox=x:1 --dry-run=server',
    'set image deploy/roll nope=x:1',
    'set env deploy/roll --list',
    'set env deploy/roll pod/web --list',
    'set env deploy/roll A=2 B=3 --dry-run=client -o yaml',
    'set env deploy/roll A- --dry-run=server -o name',
    // Of one key: kubectl warns of several in the order of a map of Go.
    'set env deploy/roll --from=configmap/one --keys=a --prefix=ONE_ --dry-run=server',
    'set env deploy/roll --from=secret/hidden --keys=nope --list',
    'set env deploy/roll A=2 --overwrite=false',
    'set env deploy/roll A=2 -c nope',
    'set env deploy/roll A=2 A-',
    'set env deploy/roll 1A=2',
    'set env deploy/nope A=2',
    'set env pod/web A=2',
    'set env cm/one A=2',
    'set image deploy/roll',
    'set image cm/one a=b',
    'cordon device --dry-run=server',
    'uncordon device',
    'cordon nope',
    'auth can-i delete pods',
    'auth can-i get fruit',
    'auth can-i get nodes -n other',
    'auth can-i get',
    'auth whoami',
    'auth whoami -o yaml',
    'explain pods',
    'explain pod.spec',
    'explain pod.spec.containers.env',
    'explain pod.spec.restartPolicy',
    'explain pod.spec.volumes.hostPath.type',
    'explain pod.spec.containers.resources.limits',
    'explain deploy --recursive',
    'explain deploy --api-version=apps/v1',
    'explain images',
    'explain pods.spec.nope',
    'explain pods --api-version=v2',
    'explain a b',
    'explain',
    'api-resources',
    'api-resources --namespaced=false -o wide',
    'drain device --dry-run=client',
    'drain nope',
    'label cm one a=b --dry-run=client',
    'annotate cm one a',
  ]) {
    it(line, () => both(line));
  }

  /** These change something: each program works on an object of its own, one command after the other. */
  it('when they change something', async () => {
    const run = async (line: string, name: string): Promise<object> => {
      const words = wordsOf(line.replaceAll('NAME', name).replaceAll('DIR', device.directory));
      const options = { env: { EDITOR: 'sed -i s/red/blue/' } };
      const result = await (name === 'ours' ? device.eli(words, options) : device.kubectl(words, options));
      const text = (value: string): string => value.replaceAll(name, 'NAME');
      return said({ ...result, stdout: text(result.stdout), stderr: text(result.stderr) });
    };
    for (const line of [
      'create cm NAME --from-literal=colour=red',
      'create cm NAME',
      'label cm NAME a=1',
      'label cm NAME a=1',
      'label cm NAME a=2',
      'label cm NAME a=2 --overwrite',
      'label cm/NAME nope- a-',
      'label cm NAME b=1 -o name',
      'label cm NAME --list',
      "annotate cm NAME 'note=on the roof'",
      'annotate cm NAME note- other=x',
      'annotate cm NAME --list',
      'patch cm NAME -p {"data":{"more":"x"}}',
      'patch cm NAME -p [{"op":"remove","path":"/data/more"}] --type=json',
      'edit cm NAME',
      'edit cm nothing',
      "get cm NAME -o jsonpath='{.data}{.metadata.labels}{.metadata.annotations}'",
      `create deployment NAME --image=${testImage} --replicas=0`,
      'rollout status deploy/NAME --timeout=30s',
      'scale deployment NAME --replicas=0 --timeout=30s',
      'scale deploy/NAME --current-replicas=0 --replicas=0 -o name',
      'set image deploy/NAME busybox=x:1',
      'set image deploy/NAME busybox=x:1',
      `set image deploy/NAME *=${testImage}`,
      'set env deploy/NAME A=1 B=2',
      'set env deploy/NAME A=1',
      'set env deploy/NAME A- B=3 --from=cm/NAME',
      'set env deploy/NAME --list',
      'create pdb NAME --selector=app=NAME --min-available=1',
      'create pdb NAME --selector=app=NAME --min-available=1',
      'delete pdb NAME',
      'create quota NAME --hard=pods=3 -n other',
      'delete quota NAME -n other',
      'rollout pause deploy/NAME',
      'rollout pause deploy/NAME',
      'rollout restart deploy/NAME',
      'rollout undo deploy/NAME',
      'rollout resume deploy/NAME',
      'rollout restart deploy/NAME',
      'rollout status deploy/NAME --timeout=30s',
      'rollout history deploy/NAME',
      'rollout undo deploy/NAME',
      'rollout history deploy/NAME',
      'delete deploy NAME',
      'delete cm NAME',
      'delete cm NAME',
      'wait --for=delete deploy/NAME',
    ]) {
      const [ours, theirs] = await Promise.all([run(line, 'ours'), run(line, 'theirs')]);
      assert.deepEqual(ours, theirs, line);
    }
  });
});
