import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { UsageError } from '../usage-error.ts';
import { parseEliotFile } from './eliot-file.ts';
import { newEliotFile } from './new-eliot-file.ts';
import { mergeSettings } from './project-settings.ts';

const hostPath = (path: string): object => ({ hostPath: { path, type: '' } });

describe('.eliot.yml', () => {
  it('has every field of the first Eliot, and more', () => {
    const text = `
name: meter
image: python:3
command: [python3, main.py]
env: [COLOUR=red, HOME]
binds: ["/data:/data:ro"]
mounts:
  - type=tmpfs,destination=/tmp
  - { type: bind, source: /a, destination: /b, options: [ro] }
workdir: /app
syncs: [".:/app", "../shared:/shared"]
syncContainer: { name: sync, image: docker.io/ernoaapa/rsync }
ports: [8080, "3000:80"]
devices: [serial]
resources:
  limits: { memory: 64Mi, cpu: 1 }
  requests: { cpu: 100m }
ignore: ["*.log"]
on-change: npm test
two-way: true
privileged: false
`;
    assert.deepEqual(parseEliotFile(text), {
      name: 'meter',
      image: 'python:3',
      command: ['python3', 'main.py'],
      env: ['COLOUR=red', 'HOME'],
      mounts: [
        { source: hostPath('/data'), mount: { mountPath: '/data', readOnly: true } },
        { source: { emptyDir: { medium: 'Memory' } }, mount: { mountPath: '/tmp' } },
        { source: hostPath('/a'), mount: { mountPath: '/b', readOnly: true } },
      ],
      workdir: '/app',
      syncs: [
        { source: '.', destination: '/app' },
        { source: '../shared', destination: '/shared' },
      ],
      ports: [
        { local: undefined, remote: 8080 },
        { local: 3000, remote: 80 },
      ],
      devices: ['serial'],
      limits: { memory: '64Mi', cpu: '1' },
      requests: { cpu: '100m' },
      ignore: ['*.log'],
      onChange: { kind: 'Run', command: ['npm', 'test'] },
      twoWay: true,
      privileged: false,
    });
  });

  it('may be empty', () => {
    assert.deepEqual(parseEliotFile(''), {});
    assert.deepEqual(parseEliotFile('# nothing yet\n'), {});
  });

  it('takes variables and syncs as a map, and commands as a line', () => {
    assert.deepEqual(parseEliotFile('env: { A: 1, B: }\nsyncs: { .: /app }\ncommand: a | b\non-change: [a, "b c"]\n'), {
      env: ['A=1', 'B='],
      syncs: [{ source: '.', destination: '/app' }],
      command: ['sh', '-c', 'a | b'],
      onChange: { kind: 'Run', command: ['a', 'b c'] },
    });
  });

  for (const [text, complaint] of [
    ['name: a\nimagee: b\n', /^\.eliot\.yml:2:1: imagee is not known$/],
    ['constructor: b\n', /^\.eliot\.yml:1:1: constructor is not known$/],
    ['name: a\nname: b\n', /^\.eliot\.yml:2:1: Map keys must be unique$/],
    ['a: [\n', /^\.eliot\.yml:2:1: /],
    ['- a\n', /^\.eliot\.yml:1:1: is no map of fields$/],
    ['image: [a]\n', /^\.eliot\.yml:1:1: image must be a text$/],
    ['name: a\nports:\n  - 80\n  - x\n', /^\.eliot\.yml:4:5: ports\[1\]$/],
    ['ports: [70000]\n', /ports\[0\]$/],
    ['ports: 80\n', /^\.eliot\.yml:1:1: ports must be a list$/],
    ['workdir: app\n', /workdir must be an absolute path/],
    ['syncs: ["."]\n', /^\.eliot\.yml:1:9: syncs\[0\]$/],
    ['syncs: [".:/a/../b"]\n', /syncs\[0\]$/],
    ['two-way: yes please\n', /two-way must be true or false/],
    ['on-change: ""\n', /on-change must be a text/],
    ['resources: { cpu: 1 }\n', /resources\.cpu is not known/],
    ['resources: { limits: { cpu: much } }\n', /resources\.limits\.cpu: /],
    ['mounts: [{ typo: bind }]\n', /mounts\[0\]\.typo is not known/],
    ['binds: [a]\n', /binds\[0\]$/],
    ['a: &a [*a]\n', /^\.eliot\.yml/],
  ] as const) {
    it(`is refused with its place: ${JSON.stringify(text)}`, () =>
      assert.throws(
        () => parseEliotFile(text),
        (error: Error) => error instanceof UsageError && complaint.test(error.message),
      ));
  }

  it('is written so that it reads as what would be done without it', () => {
    const settings = {
      name: 'web',
      image: 'docker.io/library/node:latest',
      command: ['sh', '-c', 'a "b" && exec c: d'],
      workdir: '/volume',
      env: ['A=b: c', 'D'],
      ports: [
        { local: undefined, remote: 80 },
        { local: 3000, remote: 81 },
      ],
    };
    assert.deepEqual(parseEliotFile(newEliotFile(settings, 'package.json')), settings);
  });

  it('with all its comments made fields is still understood', () => {
    const written = newEliotFile({ name: 'a', image: 'b' }, 'a test').replaceAll(/^# (?=[a-z-]+:)/gm, '');
    assert.equal(parseEliotFile(written).twoWay, true);
  });
});

describe('settings', () => {
  it('add to lists and override everything else', () => {
    const file = {
      image: 'a',
      command: ['x'],
      env: ['A=1'],
      ignore: ['x'],
      ports: [{ local: undefined, remote: 80 }],
      limits: { cpu: '1', memory: '1Gi' },
      onChange: { kind: 'None' },
    } as const;
    const flags = { image: 'b', env: ['B=2'], ports: [{ local: 3000, remote: 80 }], limits: { cpu: '2' } };
    const merged = mergeSettings([file, flags]);
    assert.deepEqual(
      { ...merged },
      {
        ...mergeSettings([]),
        name: undefined,
        image: 'b',
        command: ['x'],
        workdir: undefined,
        env: ['A=1', 'B=2'],
        mounts: [],
        syncs: [],
        ports: [{ local: 3000, remote: 80 }],
        devices: [],
        limits: { cpu: '2', memory: '1Gi' },
        requests: {},
        ignore: ['x'],
        onChange: { kind: 'None' },
        twoWay: undefined,
        privileged: undefined,
      },
    );
  });
});
