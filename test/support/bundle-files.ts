/** Bundles for tests, made by the built `eli` as users make them. */
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeBusyboxImage } from '../../scripts/busybox-image.ts';
import { runOk } from './command.ts';

const eli = join(import.meta.dirname, '../../bin/eli');

export interface TestBundle {
  readonly name: string;
  readonly version: string;
  /** What its Deployment `NAME` prints and does, as a line of shell. */
  readonly line: string;
  /** More objects. */
  readonly objects?: readonly object[];
  /** Private key. */
  readonly sign?: string;
  readonly deadlineSeconds?: number;
  /** Default 0: programs that work are soon known to. */
  readonly bakeSeconds?: number;
  readonly architecture?: string;
  /** Random bytes in the image. Default 0. */
  readonly paddingBytes?: number;
}

/** Writes `NAME-VERSION.eliot` into the directory: a Deployment of one pod, with an image of its own for each version. */
export async function makeBundle(directory: string, bundle: TestBundle): Promise<string> {
  const {
    name,
    version,
    line,
    objects = [],
    sign,
    deadlineSeconds = 60,
    bakeSeconds = 0,
    architecture,
    paddingBytes = 0,
  } = bundle;
  const image = `eliot.test/${name}:latest`;
  const base = join(directory, `${name}-${version}`);
  writeFileSync(
    `${base}.tar`,
    await makeBusyboxImage({
      name: image,
      files: { version, padding: randomBytes(paddingBytes).toString('latin1') },
      ...(architecture ? { architecture } : {}),
    }),
  );
  writeFileSync(
    `${base}.json`,
    JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [deployment(name, image, line), ...objects] }),
  );
  const args = ['bundle', 'create', '-f', `${base}.json`, '--image-archive', `${base}.tar`, '-t', `${name}:${version}`];
  const more = [
    '--bake',
    String(bakeSeconds),
    '--progress-deadline',
    String(deadlineSeconds),
    ...(sign === undefined ? [] : ['--sign', sign]),
  ];
  await runOk(eli, [...args, ...more, '-o', `${base}.eliot`]);
  return `${base}.eliot`;
}

/** Makes `NAME.key` and `NAME.pem` in the directory. */
export async function makeKey(
  directory: string,
  name: string,
): Promise<{ readonly key: string; readonly pem: string }> {
  const path = join(directory, name);
  await runOk(eli, ['bundle', 'keygen', path]);
  return { key: `${path}.key`, pem: readFileSync(`${path}.pem`, 'utf8') };
}

function deployment(name: string, image: string, line: string): object {
  const labels = { app: name };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: {
      revisionHistoryLimit: 0,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          terminationGracePeriodSeconds: 0,
          containers: [{ name: 'main', image, command: ['sh', '-c', line] }],
        },
      },
    },
  };
}
