import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isStatusError } from '../../lib/status-error.ts';
import { describeObject, hashObjects } from './desired-state.ts';
import { readManifests } from './read-manifests.ts';

const settings = `apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
data:
  a: "1"
`;

const read = (text: string, name = 'a.yaml') => readManifests([{ name, text }]);
const names = (text: string): string[] => read(text).map(({ kind, object }) => describeObject(kind, object));

function fault(text: string): string {
  try {
    read(text);
  } catch (error) {
    assert.ok(isStatusError(error, 'BadRequest', 'Invalid'), String(error));
    return error.message;
  }
  return assert.fail('it was not refused');
}

describe('readManifests', () => {
  it('reads a Deployment, which the device looks after by itself', () => {
    const deployment = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web}}, spec: {containers: [{name: web, image: web}]}}
`;
    assert.deepEqual(names(deployment), ['deployments "default/web"']);
    assert.match(
      fault(deployment.replace('{app: web}}, spec', '{app: other}}, spec')),
      /`selector` does not match template/,
    );
  });

  it('reads an object with its defaults, in namespace default', () => {
    const [desired] = read(`
apiVersion: v1
kind: Pod
metadata: {name: web, creationTimestamp: null}
spec: {containers: [{name: web, image: web}]}
status: {phase: Running}
`);
    assert.equal(desired?.object.metadata.namespace, 'default');
    const { restartPolicy } = (desired?.object['spec'] ?? {}) as { restartPolicy?: string };
    assert.equal(restartPolicy, 'Always');
    assert.equal(desired?.object['status'], undefined);
  });

  it('reads several documents of a file, several files, JSON and lists', () => {
    const json = JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 's', namespace: 'n' } });
    const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [JSON.parse(json)] });
    const objects = readManifests([
      {
        name: 'a.yaml',
        text: `# two\n---\n${settings}---\napiVersion: v1\nkind: Namespace\nmetadata: {name: "n"}\n...\n`,
      },
      { name: 'b.json', text: list },
    ]);
    assert.deepEqual(
      objects.map(({ kind, object }) => describeObject(kind, object)),
      ['configmaps "default/settings"', 'namespaces "n"', 'secrets "n/s"'],
    );
  });

  it('passes over documents that hold nothing', () => {
    assert.deepEqual(names(''), []);
    assert.deepEqual(names('\n# only a comment\n---\n---\n# and another\n'), []);
    assert.deepEqual(names(`---\n---\n${settings}---\n`), ['configmaps "default/settings"']);
  });

  it('keeps a text that looks like an end of a document where it is indented', () => {
    const [desired] = read(`${settings}  b: |\n    ---\n    text\n`);
    assert.deepEqual(desired?.object['data'], { a: '1', b: '---\ntext\n' });
  });

  it('reads files with Windows line ends', () => {
    assert.deepEqual(
      names(`${settings}---\n${settings.replace('settings', 'more')}`.replaceAll('\n', '\r\n')).length,
      2,
    );
  });

  it('says file, document and line of a fault', () => {
    assert.match(fault(`${settings}---\n${settings}  b: [1\n`), /^a\.yaml, document 2, line \d+: no valid YAML: /);
    const line = Number(/line (\d+)/.exec(fault(`${settings}---\napiVersion: v1\nkind: "Pod\n`))?.[1]);
    assert.ok(line >= 8, `line ${line} is in the second document`);
    assert.equal(
      fault(`${settings}---\napiVersion: v1\nkind: Widget\n`),
      'a.yaml, document 2, line 7: no matches for kind "Widget" in version "v1"',
    );
  });

  for (const { what, text, says } of [
    { what: 'no kind', text: 'apiVersion: v1\nmetadata: {name: a}', says: /Object 'Kind' is missing/ },
    { what: 'no apiVersion', text: 'kind: Pod', says: /Object 'apiVersion' is missing/ },
    { what: 'no name', text: 'apiVersion: v1\nkind: ConfigMap\nmetadata: {}', says: /metadata\.name: Required value/ },
    { what: 'a list at the top', text: '- a\n- b', says: /must be an object/ },
    { what: 'an unknown field', text: `${settings}datas: {}\n`, says: /unknown field "datas"/ },
    { what: 'a wrong type', text: settings.replace('"1"', '{}'), says: /ConfigMap/ },
    {
      what: 'a name that is none',
      text: settings.replace('settings', 'Not_A_Name'),
      says: /metadata\.name: Invalid value/,
    },
    {
      what: 'a pod without containers',
      text: 'apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: []}',
      says: /spec\.containers: Required value/,
    },
    {
      what: 'a kind that is never stored',
      text: 'apiVersion: authentication.k8s.io/v1\nkind: SelfSubjectReview\nmetadata: {name: a}',
      says: /cannot be kept in manifests/,
    },
    {
      what: 'a tag that makes something else of a text',
      text: 'apiVersion: v1\nkind: !!js/function "x"',
      says: /no valid YAML/,
    },
  ]) {
    it(`refuses ${what}`, () => assert.match(fault(text), says));
  }

  it('refuses an object that stands there twice, and says where', () => {
    const text = fault(`${settings}---\n${settings}`);
    assert.equal(
      text,
      'a.yaml, document 2, line 7: configmaps "default/settings" is also in a.yaml, document 1, line 1',
    );
  });

  it('survives a text made to use up memory', () => {
    const bomb = [
      'a: &a [x,x,x,x,x,x,x,x,x]',
      ...'bcdefgh'.split('').map((c, i) => `${c}: &${c} [${`*${'abcdefgh'[i]},`.repeat(9)}]`),
    ];
    assert.throws(
      () => read(bomb.join('\n')),
      (error) => isStatusError(error),
    );
  });
});

describe('hashObjects', () => {
  it('tells contents apart, not their order', () => {
    const both = readManifests([{ name: 'a', text: `${settings}---\n${settings.replace('settings', 'z')}` }]);
    assert.equal(hashObjects(both), hashObjects([...both].reverse()));
    assert.notEqual(hashObjects(both), hashObjects(read(settings)));
    assert.notEqual(hashObjects(read(settings)), hashObjects(read(settings.replace('"1"', '"2"'))));
  });
});
