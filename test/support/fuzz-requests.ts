/**
 * Random requests of a client that may do everything: good ones, damaged ones and nonsense. The same seed gives
 * the same requests.
 */
import fc from 'fast-check';
import { decodeJson } from '../../src/api/schema/decode-json.ts';
import { apiVersionOf, kinds } from '../../src/api/scheme.ts';
import { arbitraryObject } from '../../src/testing/arbitrary-object.ts';
import { encodeEnvelope, encodeProtobuf } from '../../src/testing/encode-protobuf.ts';

export interface FuzzRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | undefined;
  /** Whether the answer may take a second. */
  readonly isSlow: boolean;
}

/** A revision that no device of a test comes to. */
export const futureRevision = '999999999';

type Kind = (typeof kinds)[number];

const methodOfVerb: Readonly<Record<string, string>> = {
  create: 'POST',
  delete: 'DELETE',
  deletecollection: 'DELETE',
  patch: 'PATCH',
  update: 'PUT',
};
const methods = ['GET', 'GET', 'POST', 'POST', 'PUT', 'PATCH', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'PURGE'];

/** Tokens that are remembered. */
const maxTokens = 20;

/** Kinds whose objects become pods. */
const runsPods: ReadonlySet<string> = new Set(['pods', 'deployments', 'replicasets']);

/** Random objects of each kind that are made once; every request begins with one of them. */
const samplesOfKind = 40;

export class FuzzRequests {
  readonly #random: () => number;
  readonly #tokens: string[] = [];
  #learned = 0;
  readonly #samples: ReadonlyMap<Kind, readonly object[]>;

  constructor(seed: number) {
    this.#random = mulberry32(seed);
    this.#samples = new Map(kinds.map((kind) => [kind, samplesOf(kind, seed)]));
  }

  next(): FuzzRequest {
    const kind = this.#pick(kinds);
    // What a kind can do in four of five cases, else anything.
    const isSensible = this.#is(0.8);
    const verb = this.#pick(kind.verbs);
    const method = isSensible ? (methodOfVerb[verb] ?? 'GET') : this.#pick(methods);
    const where = isSensible ? this.#sensiblePath(kind, verb) : this.#path(kind, method);
    const path = `${where}${this.#query(kind, method, isSensible ? verb : undefined)}`.replaceAll(' ', '+');
    const hasBody = method === 'POST' || method === 'PUT' || method === 'PATCH' || this.#is(0.1);
    const { contentType, body } = hasBody ? this.#body(kind, method) : { contentType: undefined, body: undefined };
    return {
      method,
      path,
      headers: {
        ...this.#headers(),
        ...(contentType === undefined ? {} : { 'content-type': contentType }),
        'content-length': String(body?.length ?? 0),
      },
      body,
      isSlow: path.includes('watch=true'),
    };
  }

  /** Takes what only the server can give from an answer: tokens to go on with a list. */
  learn(answer: Buffer): void {
    const at = answer.indexOf('"continue":"');
    if (at < 0) return;
    const start = at + '"continue":"'.length;
    const token = answer.toString('latin1', start, answer.indexOf('"', start));
    this.#tokens[this.#learned % maxTokens] = token;
    this.#learned += 1;
  }

  #path(kind: Kind, method: string): string {
    if (this.#is(0.05)) return this.#pick(otherPaths);
    const group = kind.group === '' ? '/api' : `/apis/${kind.group}`;
    const inNamespace = kind.namespaced && this.#is(0.9);
    const isMany = method === 'POST' ? this.#is(0.8) : this.#is(0.25);
    const subresource = this.#is(0.2) ? `/${this.#pick([...kind.subresources.map(({ name }) => name), 'nope'])}` : '';
    const path = [
      `${group}/${this.#is(0.98) ? kind.version : 'v9'}`,
      inNamespace ? `/namespaces/${this.#pick(['default', 'default', 'default', 'kube-system', 'nope', '%00'])}` : '',
      `/${kind.resource}`,
      isMany ? '' : `/${this.#pick(names)}${subresource}`,
    ].join('');
    return this.#is(0.03) ? this.#damagePath(path) : path;
  }

  #sensiblePath(kind: Kind, verb: string): string {
    const group = kind.group === '' ? `/api/${kind.version}` : `/apis/${kind.group}/${kind.version}`;
    const namespace = kind.namespaced ? `/namespaces/${this.#pick(['default', 'default', 'kube-system', 'b'])}` : '';
    const collection = `${group}${namespace}/${kind.resource}`;
    if (['create', 'list', 'watch', 'deletecollection'].includes(verb)) return collection;
    const name = this.#pick(['a', 'a', 'b', 'c', 'device', 'default']);
    const subresource = this.#is(0.2) ? this.#pick(kind.subresources)?.name : undefined;
    return `${collection}/${name}${subresource === undefined ? '' : `/${subresource}`}`;
  }

  #damagePath(path: string): string {
    const at = this.#below(path.length);
    return `${path.slice(0, at)}${this.#pick(['//', '%2F', '%zz', '%00', '..', '/../', '%ff', '~', 'x'.repeat(4_000)])}${path.slice(at)}`;
  }

  #query(kind: Kind, method: string, verb: string | undefined): string {
    const parameters: string[] = [];
    // Pods that are really made would only keep the runtime busy; a few are enough.
    const changesPods = runsPods.has(kind.resource) && ['POST', 'PUT', 'PATCH'].includes(method);
    if (changesPods ? this.#is(0.97) : this.#is(0.1)) parameters.push('dryRun=All');
    while (this.#is(0.4)) {
      const [name, values] = this.#pick(queryParameters);
      parameters.push(`${name}=${this.#pick(values)}`);
    }
    if (method === 'PATCH' && this.#is(0.5))
      parameters.push(`fieldManager=${this.#pick(['fuzz', 'kubectl', 'other'])}`);
    if (method === 'GET' && this.#is(0.1)) parameters.push('limit=1');
    if (method === 'GET' && this.#is(0.1) && this.#tokens.length > 0) {
      parameters.push(`continue=${this.#tokens[this.#below(this.#tokens.length)]}`);
    }
    // A watch lasts as long as it is allowed to.
    const watches = verb === undefined ? method === 'GET' && this.#is(0.02) : verb === 'watch' && this.#is(0.05);
    if (watches) parameters.push('watch=true', 'timeoutSeconds=1');
    return parameters.length === 0 ? '' : `?${parameters.join('&')}`;
  }

  #headers(): Record<string, string> {
    const headers: Record<string, string> = {};
    if (this.#is(0.5)) headers['accept'] = this.#is(0.8) ? this.#pick(accepts.slice(0, 6)) : this.#pick(accepts);
    if (this.#is(0.2)) headers['accept-encoding'] = this.#pick(['gzip', 'gzip;q=0', 'br', '*']);
    if (this.#is(0.02)) headers['authorization'] = this.#pick(['Bearer x', 'Basic eDp5', 'Bearer']);
    if (this.#is(0.02)) headers['user-agent'] = 'u'.repeat(this.#below(2_000));
    return headers;
  }

  #body(kind: Kind, method: string): { readonly contentType: string; readonly body: Buffer } {
    if (method === 'PATCH') return this.#patch(kind);
    const object = this.#object(kind);
    switch (this.#pick(['json', 'json', 'yaml', 'protobuf', 'options', 'nonsense'])) {
      case 'json':
        return { contentType: 'application/json', body: this.#damageText(JSON.stringify(object)) };
      case 'yaml':
        return { contentType: 'application/yaml', body: this.#damageText(toYaml(object)) };
      case 'protobuf': {
        // Damaged as bytes only: the encoder is for objects whose fields have their types.
        const { value } = decodeJson(kind.fields, this.#pick(this.#samples.get(kind) ?? []), kind.kind);
        const message = encodeProtobuf(kind.fields, { ...value, metadata: { name: this.#pick(['a', 'b']) } });
        const body = Buffer.from(encodeEnvelope(apiVersionOf(kind), kind.kind, message));
        return { contentType: 'application/vnd.kubernetes.protobuf', body: this.#damageBytes(body) };
      }
      case 'options':
        return { contentType: 'application/json', body: this.#damageText(JSON.stringify(this.#pick(options))) };
      default:
        return { contentType: this.#pick(contentTypes), body: this.#bytes(200) };
    }
  }

  #patch(kind: Kind): { readonly contentType: string; readonly body: Buffer } {
    const type = this.#pick(['json', 'merge', 'strategic', 'strategic', 'apply']);
    const paths = [
      '',
      '/metadata/labels/a',
      '/metadata',
      '/data/x',
      '/spec/containers/0',
      '/spec/containers/-',
      '/status',
      '/~1',
    ];
    const operations = Array.from({ length: this.#below(4) }, () => ({
      op: this.#pick(['add', 'remove', 'replace', 'move', 'copy', 'test', 'nope']),
      path: this.#pick(paths),
      from: this.#pick(paths),
      value: this.#pick(nastyValues),
    }));
    const patch = type === 'json' ? operations : this.#object(kind);
    const suffix =
      type === 'apply'
        ? 'apply-patch+yaml'
        : `${type === 'strategic' ? 'strategic-merge' : type === 'merge' ? 'merge' : 'json'}-patch+json`;
    return { contentType: `application/${suffix}`, body: this.#damageText(JSON.stringify(patch)) };
  }

  /** An object of the kind, half of them good, half with values that do not belong there. */
  #object(kind: Kind): object {
    const object = structuredClone(this.#pick(this.#samples.get(kind) ?? [{}])) as Record<string, unknown>;
    object['metadata'] = { ...(object['metadata'] as object), name: this.#pick(names.map(decodeLoosely)) };
    while (this.#is(0.4)) this.#damageValue(object, 0);
    return object;
  }

  #damageValue(value: Record<string, unknown>, depth: number): void {
    const keys = Object.keys(value);
    if (keys.length === 0 || depth > 8) return;
    const key = this.#pick(keys);
    const child = value[key];
    if (typeof child === 'object' && child !== null && this.#is(0.8)) {
      this.#damageValue(child as Record<string, unknown>, depth + 1);
    } else if (this.#is(0.2)) delete value[key];
    else if (this.#is(0.25))
      value[this.#pick(['nope', '$patch', '$setElementOrder/containers', '__proto__x', ''])] = child;
    else value[key] = structuredClone(this.#pick(nastyValues));
  }

  #damageText(text: string): Buffer {
    if (this.#is(0.7)) return Buffer.from(text);
    const at = this.#below(text.length);
    const end = at + this.#below(20);
    const middle = this.#pick([
      '',
      text.slice(at, end).repeat(3),
      '{',
      ']',
      '"',
      ',',
      '\\u0000',
      '&a',
      '*a',
      '\ud800',
      '\t',
      '1e999',
    ]);
    return Buffer.from(text.slice(0, at) + middle + text.slice(end));
  }

  #damageBytes(bytes: Buffer): Buffer {
    if (this.#is(0.5)) return bytes;
    const damaged = Buffer.from(this.#is(0.3) ? bytes.subarray(0, this.#below(bytes.length)) : bytes);
    for (let count = this.#below(4); count >= 0 && damaged.length > 0; count -= 1) {
      damaged[this.#below(damaged.length)] = this.#below(256);
    }
    return damaged;
  }

  #bytes(most: number): Buffer {
    return Buffer.from(Array.from({ length: this.#below(most) }, () => this.#below(256)));
  }

  #is(probability: number): boolean {
    return this.#random() < probability;
  }

  #below(end: number): number {
    return Math.floor(this.#random() * end);
  }

  #pick<T>(values: readonly T[]): T {
    return values[this.#below(values.length)] as T;
  }
}

/** A small generator of numbers from 0 to 1 (mulberry32, public domain). */
function mulberry32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function samplesOf(kind: Kind, seed: number): readonly object[] {
  const type = { apiVersion: apiVersionOf(kind), kind: kind.kind };
  const good = goodObjects[kind.kind] ?? {};
  const random = fc.sample(arbitraryObject(kind.fields), { seed, numRuns: samplesOfKind });
  return [...random.flatMap((object) => [good, object])].map((object) => ({ ...type, ...object }));
}

const container = { name: 'main', image: 'eliot.test/none:1', imagePullPolicy: 'Never', command: ['sh'] };

const workload = {
  metadata: { labels: { a: 'b' } },
  spec: {
    replicas: 0,
    selector: { matchLabels: { a: 'b' } },
    template: { metadata: { labels: { a: 'b' } }, spec: { containers: [container] } },
  },
};

/** What is accepted, so that there is something to change, list and delete. */
const goodObjects: Readonly<Record<string, object>> = {
  Pod: { metadata: { labels: { a: 'b' } }, spec: { hostNetwork: true, containers: [container] } },
  ConfigMap: { metadata: { labels: { a: 'b' } }, data: { x: '1', y: '2' } },
  Secret: { stringData: { password: 'x' }, type: 'Opaque' },
  Namespace: { metadata: { labels: { a: 'b' } } },
  ServiceAccount: { automountServiceAccountToken: false },
  Lease: { spec: { holderIdentity: 'x', leaseDurationSeconds: 10, renewTime: '2026-01-01T00:00:00.000000Z' } },
  Event: { involvedObject: { kind: 'Pod', name: 'a', namespace: 'default' }, reason: 'Fuzzed', type: 'Normal' },
  Deployment: workload,
  ReplicaSet: workload,
  TokenReview: { spec: { token: 'x' } },
  SubjectAccessReview: { spec: { user: 'x', resourceAttributes: { verb: 'get', resource: 'pods' } } },
  LocalSubjectAccessReview: {
    spec: { user: 'x', resourceAttributes: { verb: 'get', resource: 'pods', namespace: 'default' } },
  },
  SelfSubjectAccessReview: { spec: { resourceAttributes: { verb: 'get', resource: 'pods' } } },
  SelfSubjectRulesReview: { spec: { namespace: 'default' } },
};

const names = ['a', 'a', 'b', 'c', 'device', 'default', 'x.y', 'A', '%20', '%C3%BC', '-', 'n'.repeat(300), '%2e%2e'];

const otherPaths = [
  '/',
  '/api',
  '/apis',
  '/api/v1',
  '/apis/coordination.k8s.io/v1',
  '/apis/nope/v1',
  '/openapi/v2',
  '/openapi/v3',
  '/openapi/v3/api/v1',
  '/openapi/v3/nope',
  '/version',
  '/livez',
  '/livez?verbose',
  '/readyz/ping',
  '/healthz',
  '/metrics',
  '//api//v1//pods',
  '/api/v1/watch/pods',
  '/%',
  '/%F0%9F%98%80',
];

const queryParameters: readonly (readonly [name: string, values: readonly string[]])[] = [
  ['limit', ['0', '1', '500', '-1', 'x', '99999999999999999999']],
  ['continue', ['', 'x', 'eyJ9', 'eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MSwic3RhcnQiOiJhIn0']],
  ['labelSelector', ['a=b', 'a', '!a', 'a in (b,c)', 'a notin (', '%00', '=', ',,', 'a>1', 'x'.repeat(3_000)]],
  ['fieldSelector', ['metadata.name=a', 'metadata.name!=a', 'status.phase=Running', 'nope=1', '=', 'a', '\\,']],
  ['resourceVersion', ['0', '1', futureRevision, '-1', 'x', '']],
  ['resourceVersionMatch', ['Exact', 'NotOlderThan', 'nope']],
  ['sendInitialEvents', ['true', 'false', 'x']],
  ['fieldValidation', ['Strict', 'Warn', 'Ignore', 'nope']],
  ['fieldManager', ['fuzz', '', 'x'.repeat(200), '%00']],
  ['dryRun', ['All', 'None', '']],
  ['force', ['true', 'x']],
  ['gracePeriodSeconds', ['0', '1', '-1', 'x', '1e9']],
  ['propagationPolicy', ['Background', 'Foreground', 'Orphan', 'nope']],
  ['pretty', ['true', '1']],
  ['includeObject', ['None', 'Object', 'Metadata', 'nope']],
  ['tailLines', ['0', '1', '-1', 'x']],
  ['sinceSeconds', ['1', '0', 'x']],
  ['container', ['main', 'nope', '']],
  ['command', ['sh', '']],
  ['stdout', ['1', 'x']],
  ['timeout', ['32s', 'x']],
  ['%', ['%']],
];

const accepts = [
  'application/json',
  '*/*',
  'application/json;as=Table;v=v1;g=meta.k8s.io,application/json',
  'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io',
  'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io',
  'application/vnd.kubernetes.protobuf,application/json',
  'application/vnd.kubernetes.protobuf',
  'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json',
  'application/yaml',
  'text/html',
  ';;;',
  'a/b;c="d',
];

const contentTypes = [
  'application/json',
  'application/yaml',
  'application/vnd.kubernetes.protobuf',
  'text/plain',
  '',
  ';',
];

const options = [
  { kind: 'DeleteOptions', apiVersion: 'v1', gracePeriodSeconds: 0 },
  { kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy: 'Background', preconditions: { uid: 'x' } },
  { kind: 'DeleteOptions', apiVersion: 'v1', dryRun: ['All'] },
  { kind: 'Eviction', apiVersion: 'policy/v1', metadata: { name: 'a' } },
  { kind: 'Scale', apiVersion: 'autoscaling/v1', metadata: { name: 'a' }, spec: { replicas: 0 } },
  { kind: 'TokenRequest', apiVersion: 'authentication.k8s.io/v1', spec: { expirationSeconds: 600 } },
  { kind: 'Binding', apiVersion: 'v1', metadata: { name: 'a' }, target: { kind: 'Node', name: 'device' } },
];

const nastyValues: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  2 ** 53,
  -(2 ** 63),
  1e300,
  '',
  'x',
  ' ',
  '\u0000',
  '-1',
  '1Gi',
  '9'.repeat(400),
  '\ud800',
  'ü'.repeat(1_000),
  [],
  [null],
  [[]],
  {},
  { a: null },
  { '': {} },
  [{ name: 'a' }, { name: 'a' }],
  '2026-01-01T00:00:00Z',
  '$(a)',
  '../../etc/passwd',
];

function decodeLoosely(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** YAML in blocks, so that it is not only JSON under another name. */
function toYaml(object: object): string {
  return Object.entries(object)
    .map(([key, value]) => `${JSON.stringify(key)}: ${JSON.stringify(value)}\n`)
    .join('');
}
