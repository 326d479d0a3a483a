import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Written } from '../../testing/eli-runner.ts';
import { CommandContext } from '../context.ts';
import type { CliIo } from '../io.ts';
import { createProgram } from '../program.ts';
import { complete } from './candidates.ts';
import type { DeviceNames } from './device-names.ts';

const io = { stdout: new Written() } as unknown as CliIo;
const context = new CommandContext(io, new AbortController().signal);
const program = createProgram([], { context, run: async () => {}, write: () => {}, writeError: () => {} });

/** A device with two of everything, which tells what it was asked about. */
const device: DeviceNames = {
  kinds: async () => ['pods', 'configmaps', 'deployments', 'images'],
  objects: async (word) => [`${word}-a`, `${word}-b`],
  containers: async (pod) => [`${pod}-main`, `${pod}-sidecar`],
  images: async () => ['docker.io/library/busybox:1', 'r.lan/web:2'],
  contexts: async () => ['kitchen', 'garage'],
  seen: async () => ['attic', 'garage'],
};

async function asked(line: string): Promise<string> {
  const { candidates, files } = await complete(program, line.split(' '), () => device);
  return [...candidates.map(({ word }) => word), ...(files ? [':files'] : [])].join(' ');
}

describe('a line that is being typed', () => {
  for (const { line, becomes } of [
    { line: 'ge', becomes: 'get' },
    { line: 'rollout un', becomes: 'undo' },
    { line: 'help des', becomes: 'describe' },
    { line: 'help rollout un', becomes: 'undo' },
    { line: 'nonsense x', becomes: '' },
    { line: 'get ', becomes: 'configmaps deployments images pods' },
    { line: 'get po', becomes: 'pods' },
    { line: 'get pods,de', becomes: 'pods,deployments' },
    { line: 'get pods ', becomes: 'pods-a pods-b' },
    { line: 'get pods pods-a ', becomes: 'pods-b' },
    { line: 'get pod/', becomes: 'pod/pod-a pod/pod-b' },
    { line: 'get pod/pod-a pod/', becomes: 'pod/pod-b' },
    { line: 'get pod/pod-a ', becomes: '' },
    { line: '-n kube-system get po', becomes: 'pods' },
    { line: 'get -n kube-system po', becomes: 'pods' },
    { line: 'get -o json pods ', becomes: 'pods-a pods-b' },
    { line: 'delete --now pods ', becomes: 'pods-a pods-b' },
    { line: 'logs ', becomes: 'pods-a pods-b' },
    { line: 'logs web ', becomes: 'web-main web-sidecar' },
    { line: 'logs web -c ', becomes: 'web-main web-sidecar' },
    { line: 'logs -fc ', becomes: '' },
    { line: 'exec -it web -c web-s', becomes: 'web-sidecar' },
    { line: 'exec web -- ', becomes: '' },
    { line: 'exec web -- get ', becomes: '' },
    { line: 'top node ', becomes: 'nodes-a nodes-b' },
    { line: 'image ', becomes: 'inspect list load prune pull remove save' },
    { line: 'image rm ', becomes: 'busybox:1 docker.io/library/busybox:1 r.lan/web:2' },
    { line: 'image rm busybox:1 r', becomes: 'r.lan/web:2' },
    { line: 'image save r.lan/web:2 -o ', becomes: ':files' },
    { line: 'image load ', becomes: ':files' },
    { line: 'config use ', becomes: 'garage kitchen' },
    { line: 'completion ', becomes: 'bash fish zsh' },
    { line: '--node ', becomes: 'attic garage kitchen' },
    { line: '--node kitchen,', becomes: 'kitchen,attic kitchen,garage' },
    { line: 'pair a', becomes: 'attic' },
    { line: 'config set ', becomes: 'namespace server' },
    { line: 'cp ', becomes: ':files' },
    { line: '--context=k', becomes: '--context=kitchen' },
    { line: 'get pods --namespace=namespaces-b', becomes: '--namespace=namespaces-b' },
    { line: 'get -n ', becomes: 'namespaces-a namespaces-b' },
    { line: 'apply -f ', becomes: ':files' },
    { line: '--kubeconfig ', becomes: ':files' },
    { line: 'get pods -o ', becomes: 'custom-columns= json jsonpath= name table wide yaml' },
    { line: 'apply --dry-run=s', becomes: '--dry-run=server' },
    { line: 'up --on-change re', becomes: 'restart' },
    { line: 'run --image-pull=mi', becomes: '--image-pull=missing' },
    { line: 'get --all-names', becomes: '--all-namespaces' },
    { line: 'get --kubec', becomes: '--kubeconfig=' },
    { line: 'get --nothing=x', becomes: '' },
  ]) {
    it(`"eli ${line}" becomes "${becomes}"`, async () => assert.equal(await asked(line), becomes));
  }

  it('shows what verbs and flags do, and never what is only for scripts', async () => {
    const { candidates } = await complete(program, [''], () => device);
    assert.ok(candidates.every(({ word, description }) => !word.startsWith('_') && description !== ''));
    assert.ok(candidates.some(({ word }) => word === 'completion'));
    const flags = await complete(program, ['get', '--'], () => device);
    assert.ok(flags.candidates.every(({ word, description }) => word.startsWith('--') && description !== ''));
  });
});
