/** The objects that `eli create TYPE NAME` makes, as kubectl makes them. Pure. */
import type { KubeObject } from '../../api/meta.ts';
import { nameOfImage } from '../pod-parts/names.ts';
import { UsageError } from '../usage-error.ts';

type Data = ReadonlyMap<string, Buffer>;

export function newNamespace(name: string): KubeObject {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name }, spec: {}, status: {} };
}

export function newServiceAccount(name: string): KubeObject {
  return { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name } };
}

/** Texts are in `data`; what is no UTF-8 is in `binaryData`. */
export function newConfigMap(name: string, values: Data): KubeObject {
  const texts: [string, string][] = [];
  const others: [string, string][] = [];
  for (const [key, bytes] of values) {
    const text = bytes.toString('utf8');
    if (Buffer.from(text).equals(bytes)) texts.push([key, text]);
    else others.push([key, bytes.toString('base64')]);
  }
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name },
    ...(texts.length === 0 ? {} : { data: Object.fromEntries(texts) }),
    ...(others.length === 0 ? {} : { binaryData: Object.fromEntries(others) }),
  };
}

/** Without a `type` the server's own: Opaque. */
export function newSecret(name: string, values: Data, type?: string): KubeObject {
  const data = Object.fromEntries([...values].map(([key, bytes]) => [key, bytes.toString('base64')]));
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name },
    ...(values.size === 0 ? {} : { data }),
    ...(type === undefined ? {} : { type }),
  };
}

export interface RegistryLogin {
  readonly server: string;
  readonly username: string;
  readonly password: string;
  readonly email?: string | undefined;
}

/** For `imagePullSecrets`. */
export function newRegistrySecret(name: string, { server, username, password, email }: RegistryLogin): KubeObject {
  const auth = Buffer.from(`${username}:${password}`).toString('base64');
  const auths = { [server]: { username, password, ...(email === undefined ? {} : { email }), auth } };
  const values = new Map([['.dockerconfigjson', Buffer.from(JSON.stringify({ auths }))]]);
  return newSecret(name, values, 'kubernetes.io/dockerconfigjson');
}

/** @throws UsageError when `certificate` is none */
export function newTlsSecret(name: string, certificate: Buffer, key: Buffer): KubeObject {
  if (!certificate.includes('-----BEGIN CERTIFICATE-----')) {
    throw new UsageError('tls: failed to find any PEM data in certificate input');
  }
  if (!/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(key.toString('latin1'))) {
    throw new UsageError('tls: failed to find any PEM data in key input');
  }
  return newSecret(
    name,
    new Map([
      ['tls.crt', certificate],
      ['tls.key', key],
    ]),
    'kubernetes.io/tls',
  );
}

export interface NewDeployment {
  /** A container for each. */
  readonly images: readonly string[];
  readonly command: readonly string[];
  readonly replicas: number;
  /** Of the first container. */
  readonly port: number | undefined;
}

/** @throws UsageError when a command is given for several containers */
export function newDeployment(name: string, { images, command, replicas, port }: NewDeployment): KubeObject {
  if (images.length > 1 && command.length > 0) {
    throw new UsageError('cannot specify multiple --image options and command');
  }
  const labels = { app: name };
  const containers = images.map((image, index) => ({
    ...(command.length === 0 ? {} : { command }),
    image,
    name: nameOfImage(image),
    ...(index === 0 && port !== undefined ? { ports: [{ containerPort: port }] } : {}),
    resources: {},
  }));
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { labels, name },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      strategy: {},
      template: { metadata: { labels }, spec: { containers } },
    },
    status: {},
  };
}
