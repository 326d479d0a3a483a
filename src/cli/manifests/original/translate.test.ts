import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { podKind } from '../../../api/kinds/pod/pod.ts';
import { admitObject } from '../../../testing/admit-object.ts';
import { UsageError } from '../../usage-error.ts';
import { parseManifests } from '../parse-manifests.ts';
import { isOriginal, translateOriginal } from './translate.ts';

const examples = join(import.meta.dirname, '../../../../examples/original');
const container = (fields: object): object => ({
  metadata: { name: 'a' },
  spec: { containers: [{ name: 'c', image: 'i', ...fields }] },
});
const translated = (value: object): { readonly spec: Spec; readonly metadata: Readonly<Record<string, unknown>> } =>
  translateOriginal(value as Readonly<Record<string, unknown>>, 'f.yml:1:1').object as never;
const notesOf = (value: object): string =>
  translateOriginal(value as Readonly<Record<string, unknown>>, 'f.yml:1:1').notes.join('\n');

interface Spec {
  readonly containers: readonly Readonly<Record<string, unknown>>[];
  readonly [key: string]: unknown;
}

describe('a manifest of the first Eliot', () => {
  it('is told by what it lacks', () => {
    assert.equal(isOriginal(container({}) as never), true);
    assert.equal(isOriginal({ apiVersion: 'v1', ...container({}) }), false);
    assert.equal(isOriginal({ kind: 'Pod', ...container({}) }), false);
    assert.equal(isOriginal({ metadata: {}, spec: {} }), false);
    assert.equal(isOriginal({ data: {} }), false);
  });

  it('has the whole command in args', () => {
    const [first] = translated(container({ args: ['sh', '-c', 'true'] })).spec.containers;
    assert.deepEqual([first?.['command'], first?.['args']], [['sh', '-c', 'true'], undefined]);
  });

  it('has variables as KEY=VALUE, and cannot take one away', () => {
    const value = container({ env: ['A=1', 'B=x=y', 'PATH'] });
    assert.deepEqual(translated(value).spec.containers[0]?.['env'], [
      { name: 'A', value: '1' },
      { name: 'B', value: 'x=y' },
    ]);
    assert.match(notesOf(value), /containers\[0\]\.env: "PATH" took a variable of the image away/);
  });

  it('means every dollar as it stands, which Kubernetes would read', () => {
    const [first] = translated(container({ args: ['sh', '-c', 'echo $$ $(id)'], env: ['A=$(B)'] })).spec.containers;
    assert.deepEqual(first?.['command'], ['sh', '-c', 'echo $$$$ $$(id)']);
    assert.deepEqual(first?.['env'], [{ name: 'A', value: '$$(B)' }]);
  });

  it('has its mounts in the containers, also as binds', () => {
    const { spec } = translated(
      container({ mounts: [{ type: 'bind', source: '/a', destination: '/b', options: ['ro'] }], binds: ['/a:/c'] }),
    );
    assert.deepEqual(spec['volumes'], [{ name: 'mount-0', hostPath: { path: '/a', type: '' } }]);
    assert.deepEqual(spec.containers[0]?.['volumeMounts'], [
      { name: 'mount-0', mountPath: '/b', readOnly: true },
      { name: 'mount-0', mountPath: '/c' },
    ]);
  });

  it('has a terminal with stdin, since whoever attached could type', () => {
    const [first] = translated(container({ tty: true })).spec.containers;
    assert.deepEqual([first?.['tty'], first?.['stdin']], [true, true]);
    assert.equal('stdin' in (translated(container({ tty: false })).spec.containers[0] ?? {}), false);
  });

  it('has a pipe as an annotation, and no terminal at its end', () => {
    const value = {
      metadata: { name: 'a' },
      spec: {
        containers: [
          { name: 'x', image: 'i', pipe: { stdout: { stdin: { name: 'y' } } } },
          { name: 'y', image: 'i', tty: true },
        ],
      },
    };
    const { metadata, spec } = translated(value);
    assert.deepEqual(metadata['annotations'], { 'eliot.run/pipe.x': 'y' });
    assert.deepEqual(spec.containers[1], { name: 'y', image: 'i', stdin: true });
    assert.match(notesOf(value), /container "y" reads from a pipe, and so has no terminal/);
  });

  it('moves from the namespace eliot to the default one, and stays in any other', () => {
    const inNamespace = (namespace: string): object => ({ ...container({}), metadata: { name: 'a', namespace } });
    assert.equal('namespace' in translated(inNamespace('eliot')).metadata, false);
    assert.match(notesOf(inNamespace('eliot')), /"default" now/);
    assert.equal(translated(inNamespace('factory')).metadata['namespace'], 'factory');
  });

  it('is obeyed in what was ignored: restart policies, and every field of Kubernetes', () => {
    const limited = container({ resources: { limits: { memory: '64Mi' } } }) as { spec: object };
    const { spec } = translated({ ...limited, spec: { ...limited.spec, restartPolicy: 'onfailure' } });
    assert.equal(spec['restartPolicy'], 'OnFailure');
    assert.deepEqual(spec.containers[0]?.['resources'], { limits: { memory: '64Mi' } });
  });

  it('may have its name beside the spec, as the oldest ones', () => {
    const { spec } = container({}) as { spec: object };
    assert.equal(translated({ name: 'old', spec }).metadata['name'], 'old');
  });

  const wrong: readonly (readonly [what: string, value: object, says: RegExp])[] = [
    ['no name', { spec: { containers: [{ name: 'c', image: 'i' }] } }, /metadata\.name is missing/],
    ['no containers', { metadata: { name: 'a' }, spec: { containers: [] } }, /spec\.containers is empty/],
    ['containers that are none', { metadata: { name: 'a' }, spec: { containers: ['x'] } }, /containers\[0\] is no map/],
    ['a variable without a name', container({ env: ['=x'] }), /env: "=x" has no name/],
    ['a mount without a destination', container({ mounts: [{ source: '/a' }] }), /mounts\[0\]: the destination/],
    [
      'a mount of the kernel',
      container({ mounts: [{ type: 'proc', destination: '/p' }] }),
      /type "proc" is not possible/,
    ],
    ['a pipe to nowhere', container({ pipe: { stdout: { stdin: { name: 'z' } } } }), /"z", which is no container/],
    ['a pipe without an end', container({ pipe: {} }), /pipe names no container/],
    ['args that are no list', container({ args: 'sh' }), /args is no list/],
  ];
  for (const [what, value, says] of wrong) {
    it(`is refused with ${what}, and told where`, () => {
      assert.throws(
        () => translated(value),
        (error) => error instanceof UsageError && says.test(error.message) && error.message.startsWith('f.yml:1:1'),
      );
    });
  }

  for (const name of ['hello-world.yml', 'pipe.yml', 'mounts.yml']) {
    it(`becomes a pod that a device takes: examples/original/${name}`, () => {
      const [manifest, ...more] = parseManifests(readFileSync(join(examples, name), 'utf8'), name);
      assert.equal(more.length, 0);
      assert.match(manifest?.notes[0] ?? '', /is a manifest of the first Eliot/);
      const { object } = manifest ?? assert.fail();
      const placed = { ...object, metadata: { namespace: 'default', ...object.metadata } };
      assert.deepEqual(admitObject(podKind, placed).errors, []);
    });
  }
});
