import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseCustomColumns } from './custom-columns.ts';
import { compilePath, renderJsonPath } from './jsonpath.ts';

const list = {
  kind: 'List',
  items: [
    {
      metadata: { name: 'web', labels: { app: 'web', 'app.kubernetes.io/name': 'shop' } },
      spec: { replicas: 3, containers: [{ image: 'nginx:1' }, { image: 'sidecar:2' }] },
      status: { phase: 'Running', ready: true },
    },
    {
      metadata: { name: 'db' },
      spec: { replicas: 1, containers: [{ image: 'postgres:16' }] },
      status: { phase: 'Pending', ready: false },
    },
  ],
};

describe('a jsonpath template', () => {
  const cases: readonly { readonly template: string; readonly prints: string }[] = [
    { template: '{.kind}', prints: 'List' },
    { template: '{$.kind}', prints: 'List' },
    { template: '{.items[0].metadata.name}', prints: 'web' },
    { template: '{.items[-1].metadata.name}', prints: 'db' },
    { template: '{.items[*].metadata.name}', prints: 'web db' },
    { template: '{.items..image}', prints: 'nginx:1 sidecar:2 postgres:16' },
    { template: '{..name}', prints: 'web db' },
    { template: '{.items[0:1].metadata.name}', prints: 'web' },
    { template: '{.items[::2].metadata.name}', prints: 'web' },
    { template: '{.items[0,1].metadata.name}', prints: 'web db' },
    { template: "{.items[0].metadata['name']}", prints: 'web' },
    {
      template: "{.items[0]['metadata']['name','labels']}",
      prints: 'web {"app":"web","app.kubernetes.io/name":"shop"}',
    },
    { template: '{.items[0].metadata.labels.app\\.kubernetes\\.io/name}', prints: 'shop' },
    { template: '{.items[0].metadata.labels["app.kubernetes.io/name"]}', prints: 'shop' },
    { template: '{.items[0].spec.replicas}', prints: '3' },
    { template: '{.items[0].status}', prints: '{"phase":"Running","ready":true}' },
    { template: '{.items[0].status.*}', prints: 'Running true' },
    { template: '{.items[?(@.status.phase=="Pending")].metadata.name}', prints: 'db' },
    { template: "{.items[?(@.status.phase != 'Pending')].metadata.name}", prints: 'web' },
    { template: '{.items[?(@.spec.replicas>1)].metadata.name}', prints: 'web' },
    { template: '{.items[?(@.spec.replicas<=1)].metadata.name}', prints: 'db' },
    { template: '{.items[?(@.spec.replicas>=3)].metadata.name}', prints: 'web' },
    { template: '{.items[?(@.spec.replicas<1)].metadata.name}', prints: '' },
    { template: '{.items[?(@.status.ready==true)].metadata.name}', prints: 'web' },
    { template: '{.items[?(@.metadata.labels)].metadata.name}', prints: 'web' },
    { template: '{.items[?(@.metadata.labels.app=="web")].spec.containers[*].image}', prints: 'nginx:1 sidecar:2' },
    { template: '{.items[?(@.spec.containers[0].image=="postgres:16")].metadata.name}', prints: 'db' },
    { template: '{.items[?(@.metadata.name=="a)]b")].kind}', prints: '' },
    { template: 'names: {.items[*].metadata.name}.', prints: 'names: web db.' },
    {
      template: '{range .items[*]}{.metadata.name}{"\\t"}{.status.phase}{"\\n"}{end}',
      prints: 'web\tRunning\ndb\tPending\n',
    },
    { template: '{range .items}{.metadata.name},{end}', prints: 'web,db,' },
    {
      template: '{range .items[*]}{range .spec.containers[*]}{.image} {end};{end}',
      prints: 'nginx:1 sidecar:2 ;postgres:16 ;',
    },
    { template: '{range .items[*]}{@.metadata.name}{$.kind} {end}', prints: 'webList dbList ' },
    { template: '{"{}"}', prints: '{}' },
    { template: '{.nope.deeper}', prints: '' },
    { template: '{.items[9].x}', prints: '' },
    { template: '.items[0].metadata.name', prints: 'web' },
    { template: '', prints: JSON.stringify({ items: list.items, kind: 'List' }, orderedKeys(list)) },
  ];
  for (const { template, prints } of cases) {
    it(`${template || '(empty)'} prints ${prints.slice(0, 60)}`, () =>
      assert.equal(renderJsonPath(template, list), prints));
  }

  const wrong: readonly { readonly template: string; readonly says: RegExp }[] = [
    { template: '{.items[*}', says: /a "\]" is missing/ },
    { template: '{.items', says: /a "}" is missing/ },
    { template: '{range .items[*]}{.x}', says: /\{range\} without \{end\}/ },
    { template: '{.x}{end}', says: /\{end\} without \{range\}/ },
    { template: '{.items[?(name=="x")]}', says: /a filter needs "@\.field"/ },
    { template: '{.items[?(@.a=="x"]}', says: /"\)\]" is expected/ },
    { template: '{.a b}', says: /unexpected " b"/ },
    { template: '{.items[x]}', says: /cannot read "\[x\]"/ },
    { template: '{.items[..]}', says: /cannot read/ },
  ];
  for (const { template, says } of wrong) {
    it(`${template} is refused with a reason and an example`, () => {
      assert.throws(() => renderJsonPath(template, list), says);
    });
  }

  it('never reaches what JavaScript objects have besides their keys', () => {
    assert.deepEqual(compilePath('.constructor.name')({}), []);
    assert.equal(renderJsonPath('{.items[0].toString}{.items.length}', list), '');
  });
});

describe('custom-columns', () => {
  const cells = (specification: string): readonly string[] =>
    parseCustomColumns(specification).map((column) => `${column.header}=${column.cell(list.items[0])}`);

  it('read a header and a path each', () => {
    assert.deepEqual(cells('NAME:.metadata.name,IMAGES:.spec.containers[*].image,NODE:.spec.nodeName'), [
      'NAME=web',
      'IMAGES=nginx:1,sidecar:2',
      'NODE=<none>',
    ]);
  });

  it('may have commas and colons inside their paths', () => {
    assert.deepEqual(cells('A:.spec.containers[?(@.image=="nginx:1,2")].image,B:{.metadata["name","x"]}'), [
      'A=<none>',
      'B=web',
    ]);
  });

  for (const specification of ['', 'NAME', ':.x', 'NAME:']) {
    it(`"${specification}" is refused with an example`, () => {
      assert.throws(() => parseCustomColumns(specification), /custom-columns/);
    });
  }
});

/** Every key of a value, in order: makes JSON.stringify write them so. */
function orderedKeys(value: unknown): string[] {
  const keys = new Set<string>();
  JSON.stringify(value, (key, inner: unknown) => {
    keys.add(key);
    return inner;
  });
  return [...keys].sort();
}
