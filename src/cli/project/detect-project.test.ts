import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { UsageError } from '../usage-error.ts';
import { detectProject } from './detect-project.ts';
import type { DetectedProject } from './detected-project.ts';

/** Texts by path; files whose text does not matter are empty. */
const detect = (files: Readonly<Record<string, string>>): DetectedProject | undefined =>
  detectProject(new Map(Object.entries(files)));

const json = (value: object): string => JSON.stringify(value);

type Case = readonly [what: string, files: Readonly<Record<string, string>>, expected: Partial<DetectedProject>];

const afterPip = (file: string, what: string, program: string): readonly string[] => [
  'sh',
  '-c',
  `cmp -s ${file} /var/cache/eliot-up/python/installed || { mkdir -p /var/cache/eliot-up/python && ` +
    `pip install --user --no-warn-script-location ${what} && cp ${file} /var/cache/eliot-up/python/installed; } && exec ${program}`,
];

const cases: readonly Case[] = [
  [
    'a start script that only starts Node is run without npm',
    { 'package.json': json({ scripts: { start: 'node src/server.js --port 80' } }) },
    {
      kind: 'node',
      image: 'docker.io/library/node:latest',
      workdir: '/volume',
      command: ['node', 'src/server.js', '--port', '80'],
    },
  ],
  [
    'any other start script is npm’s',
    { 'package.json': json({ scripts: { start: 'NODE_ENV=dev node x.js | tee log' } }) },
    { kind: 'node', command: ['npm', 'start'] },
  ],
  [
    'the main file is run',
    { 'package.json': json({ main: 'lib/a.js' }) },
    { kind: 'node', command: ['node', 'lib/a.js'] },
  ],
  [
    'a file that is called as people call it is run',
    { 'package.json': '{}', 'index.js': '', 'server.js': '' },
    { kind: 'node', command: ['node', 'server.js'] },
  ],
  ['a package that starts nothing has no program', { 'package.json': '{}' }, { kind: 'node', command: undefined }],
  [
    'packages are installed on the device, once',
    { 'package.json': json({ main: 'a.js', dependencies: { ws: '8' } }) },
    {
      command: [
        'sh',
        '-c',
        'cmp -s package.json node_modules/.eliot-installed || { npm install --no-audit --no-fund && cp package.json node_modules/.eliot-installed; } && exec node a.js',
      ],
    },
  ],
  [
    'Node’s version is that of .nvmrc',
    { 'package.json': json({ main: 'a.js', engines: { node: '18' } }), '.nvmrc': 'v20.11.1\n' },
    { image: 'docker.io/library/node:20.11.1' },
  ],
  [
    'Node’s version is the long supported one',
    { 'package.json': json({ main: 'a.js' }), '.nvmrc': 'lts/*' },
    { image: 'docker.io/library/node:lts' },
  ],
  [
    'Node’s version is what engines binds it to',
    { 'package.json': json({ main: 'a.js', engines: { node: '^22.3' } }) },
    { image: 'docker.io/library/node:22' },
  ],
  [
    'Node’s version is the newest when engines is open above',
    { 'package.json': json({ main: 'a.js', engines: { node: '>=18' } }) },
    { image: 'docker.io/library/node:latest' },
  ],
  [
    'a Node project with a Dockerfile is a Node project',
    { 'package.json': json({ main: 'a.js' }), Dockerfile: 'FROM scratch', 'tool.py': '' },
    { kind: 'node' },
  ],
  [
    'Go is built, and its program run',
    { 'go.mod': 'module x', 'main.go': '' },
    {
      kind: 'go',
      image: 'docker.io/library/golang:latest',
      command: ['sh', '-c', 'go build -o /var/cache/eliot-up/program . && exec /var/cache/eliot-up/program'],
    },
  ],
  [
    'Go is known by its files, also in cmd',
    { cmd: '', 'cmd/main.go': '' },
    {
      kind: 'go',
      because: 'cmd/main.go',
      command: ['sh', '-c', 'go build -o /var/cache/eliot-up/program ./cmd && exec /var/cache/eliot-up/program'],
    },
  ],
  ['Go with several programs has none', { 'go.mod': '', 'cmd/a': '', 'cmd/b': '' }, { kind: 'go', command: undefined }],
  [
    'a Python program is seen to print',
    { 'main.py': '' },
    {
      kind: 'python',
      because: 'main.py',
      image: 'docker.io/library/python:latest',
      command: ['python3', 'main.py'],
      env: ['PYTHONUNBUFFERED=1', 'PYTHONDONTWRITEBYTECODE=1', 'PYTHONUSERBASE=/var/cache/eliot-up/python'],
    },
  ],
  ['the only Python file is run', { 'meter.py': '' }, { kind: 'python', command: ['python3', 'meter.py'] }],
  ['Python files in pkg count', { 'pkg/a.py': '', 'pkg/b.py': '' }, { kind: 'python', command: undefined }],
  [
    'requirements are installed on the device, once',
    { 'requirements.txt': '# none yet\nflask\n', 'app.py': '' },
    { because: 'requirements.txt', command: afterPip('requirements.txt', '-r requirements.txt', 'python3 app.py') },
  ],
  [
    'requirements of nothing install nothing',
    { 'requirements.txt': '# none\n', 'app.py': '' },
    { command: ['python3', 'app.py'] },
  ],
  [
    'dependencies of pyproject.toml are installed',
    { 'pyproject.toml': '[project]\ndependencies = [\n  "flask",\n]\n', 'app.py': '' },
    { command: afterPip('pyproject.toml', '.', 'python3 app.py') },
  ],
  [
    'Django is served, and its port forwarded',
    { 'requirements.txt': '', 'manage.py': '' },
    {
      command: ['python3', 'manage.py', 'runserver', '--noreload', '0.0.0.0:8000'],
      ports: [{ local: undefined, remote: 8000 }],
    },
  ],
  [
    'Python’s version is that of .python-version',
    { 'a.py': '', '.python-version': '3.12\n' },
    { image: 'docker.io/library/python:3.12' },
  ],
  [
    'Rust is run by cargo',
    { 'Cargo.toml': '', src: '' },
    { kind: 'rust', image: 'docker.io/library/rust:latest', command: ['cargo', 'run'] },
  ],
  [
    'a Dockerfile that only copies is understood',
    {
      Dockerfile: `# syntax=docker/dockerfile:1
FROM eliot.test/base:1
WORKDIR /app
ENV MODE=dev \\
    NAME="a b"
COPY . .
EXPOSE 8080 53/udp
ENTRYPOINT ["serve"]
CMD ["-v"]
`,
    },
    {
      kind: 'dockerfile',
      image: 'eliot.test/base:1',
      workdir: '/app',
      command: ['serve', '-v'],
      env: ['MODE=dev', 'NAME=a b'],
      ports: [{ local: undefined, remote: 8080 }],
    },
  ],
  [
    'a command of a Dockerfile without brackets is a shell’s',
    { Dockerfile: 'FROM a\nCMD serve $PORT' },
    { command: ['sh', '-c', 'serve $PORT'] },
  ],
  [
    'the service of a compose file that has the sources is run',
    {
      'compose.yaml': `
services:
  db: { image: postgres }
  web:
    image: eliot.test/web:2
    command: serve --dev
    environment: { MODE: dev, TOKEN: }
    ports: ["3000:80"]
    volumes: ["./:/app"]
`,
    },
    {
      kind: 'compose',
      image: 'eliot.test/web:2',
      workdir: '/app',
      command: ['serve', '--dev'],
      env: ['MODE=dev', 'TOKEN'],
      ports: [{ local: 3000, remote: 80 }],
    },
  ],
];

describe('of a project', () => {
  for (const [what, files, expected] of cases) {
    it(what, () => {
      const project = detect(files);
      const seen = Object.fromEntries(
        Object.keys(expected).map((key) => [key, project?.[key as keyof DetectedProject]]),
      );
      assert.deepEqual(seen, expected);
    });
  }

  it('nothing is known when there is nothing to see', () => assert.equal(detect({ 'README.md': '' }), undefined));

  for (const [what, files, complaint] of [
    ['a broken package.json', { 'package.json': '{"a":' }, /package\.json is no JSON/],
    ['a package.json that is a list', { 'package.json': '3' }, /package\.json is no JSON object/],
    ['a Dockerfile with a build', { Dockerfile: 'FROM a\n\nRUN \\\n  make\n' }, /Dockerfile:3: RUN needs a build/],
    ['a Dockerfile of two stages', { Dockerfile: 'FROM a\nFROM b\n' }, /Dockerfile:2: FROM needs a build/],
    [
      'a Dockerfile that copies elsewhere',
      { Dockerfile: 'FROM a\nWORKDIR /app\nCOPY src /app\n' },
      /Dockerfile:3: COPY/,
    ],
    ['a Dockerfile without an image', { Dockerfile: 'CMD x' }, /Dockerfile names no image/],
    [
      'a compose file of several',
      { 'compose.yaml': 'services: { a: { image: x }, b: { image: y } }' },
      /several services \(a, b\)/,
    ],
    ['a compose file with a build', { 'compose.yaml': 'services: { a: { build: . } }' }, /service "a" has no image/],
    ['a compose file with nothing', { 'compose.yaml': 'services: {}' }, /compose\.yaml has no services/],
    ['a compose file that is none', { 'compose.yaml': '{' }, /^compose\.yaml: /],
  ] as const) {
    it(`${what} is refused`, () =>
      assert.throws(
        () => detect(files),
        (error: Error) => error instanceof UsageError && complaint.test(error.message),
      ));
  }
});
