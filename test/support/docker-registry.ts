/** Debian's docker-registry for a test: on loopback, in memory of its own directory, with a login or TLS when asked. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { packTar, unpackTar } from 'modern-tar';
import { makeBusyboxImage } from '../../scripts/busybox-image.ts';
import { freePort } from './device.ts';
import { waitFor } from './wait.ts';

export interface RegistryOptions {
  /** `user:bcrypt-hash`, one line of an htpasswd file, and the login that pushes with it. */
  readonly htpasswd?: { readonly line: string; readonly user: string; readonly password: string };
  /** Paths of PEM files. */
  readonly tls?: { readonly certificate: string; readonly key: string };
}

/** What was pushed. */
export interface PushedImage {
  readonly manifestDigest: string;
  readonly manifestBytes: number;
  readonly layers: readonly { readonly digest: string; readonly sizeBytes: number }[];
}

export class DockerRegistry {
  readonly port: number;
  readonly #options: RegistryOptions;
  readonly #directory: string;
  #process: ChildProcess | undefined;

  private constructor(port: number, directory: string, options: RegistryOptions) {
    this.port = port;
    this.#directory = directory;
    this.#options = options;
  }

  static async start(options: RegistryOptions = {}): Promise<DockerRegistry> {
    const directory = await mkdtemp(join(tmpdir(), 'eliot-registry-'));
    const registry = new DockerRegistry(await freePort(), directory, options);
    try {
      await registry.up();
      return registry;
    } catch (error) {
      await registry.close();
      throw error;
    }
  }

  /** `127.0.0.1:PORT`. */
  get host(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Starts it (again); what was pushed is still there. */
  async up(): Promise<void> {
    const { htpasswd, tls } = this.#options;
    const config = [
      'version: 0.1',
      'log: { level: error }',
      `storage: { filesystem: { rootdirectory: ${join(this.#directory, 'data')} } }`,
      ...(htpasswd ? [`auth: { htpasswd: { realm: test, path: ${join(this.#directory, 'htpasswd')} } }`] : []),
      'http:',
      `  addr: ${this.host}`,
      ...(tls ? [`  tls: { certificate: ${tls.certificate}, key: ${tls.key} }`] : []),
      '',
    ].join('\n');
    if (htpasswd) await writeFile(join(this.#directory, 'htpasswd'), `${htpasswd.line}\n`);
    const configPath = join(this.#directory, 'config.yml');
    await writeFile(configPath, config);
    const child = spawn('docker-registry', ['serve', configPath], { stdio: ['ignore', 'ignore', 'pipe'] });
    let stderr = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      stderr = (stderr + chunk.toString()).slice(-4_000);
    });
    this.#process = child;
    await waitFor('the registry', async () => {
      if (child.exitCode !== null) throw new Error(`docker-registry ended: ${stderr}`);
      return (await this.#request('GET', '/v2/')).status === 200;
    });
  }

  /** Kills it, in the middle of what it is doing. */
  async kill(): Promise<void> {
    const child = this.#process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await waitFor('the end of the registry', () => child.exitCode !== null || child.signalCode !== null);
  }

  async close(): Promise<void> {
    await this.kill();
    await rm(this.#directory, { recursive: true, force: true });
  }

  /**
   * Pushes busybox with more layers of random bytes (which do not compress).
   *
   * @param reference `repository:tag`
   */
  async push(reference: string, layerBytes: readonly number[] = []): Promise<PushedImage> {
    return this.pushArchive(reference, await makeBusyboxImage({ name: 'unused' }), layerBytes);
  }

  /** Pushes the image of one layer that is in a `docker save` archive, with more layers of random bytes. */
  async pushArchive(reference: string, archive: Buffer, layerBytes: readonly number[] = []): Promise<PushedImage> {
    const [repository = '', tag = 'latest'] = reference.split(':');
    const base = new Map((await unpackTar(archive)).map((entry) => [entry.header.name, Buffer.from(entry.data ?? [])]));
    const [{ Config }] = JSON.parse(String(base.get('manifest.json')));
    const config = JSON.parse(String(base.get(Config)));
    const tars = [base.get('layer.tar') ?? Buffer.alloc(0)];
    for (const [index, size] of layerBytes.entries()) {
      const body = randomBytes(size);
      tars.push(Buffer.from(await packTar([{ header: { name: `random-${index}`, size }, body }])));
    }
    const layers = tars.map((tar) => gzipSync(tar, { level: 1 }));
    const configBlob = Buffer.from(
      JSON.stringify({ ...config, rootfs: { type: 'layers', diff_ids: tars.map(digestOf) } }),
    );
    for (const blob of [configBlob, ...layers]) await this.#pushBlob(repository, blob);
    const manifest = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: manifestType,
        config: {
          mediaType: 'application/vnd.oci.image.config.v1+json',
          digest: digestOf(configBlob),
          size: configBlob.length,
        },
        layers: layers.map((layer) => ({
          mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
          digest: digestOf(layer),
          size: layer.length,
        })),
      }),
    );
    const put = await this.#request('PUT', `/v2/${repository}/manifests/${tag}`, manifest, manifestType);
    if (put.status !== 201) throw new Error(`the manifest was answered with ${put.status}: ${put.body}`);
    return {
      manifestDigest: digestOf(manifest),
      manifestBytes: manifest.length,
      layers: layers.map((layer) => ({ digest: digestOf(layer), sizeBytes: layer.length })),
    };
  }

  /**
   * Pushes an index of one image that was pushed to the same repository.
   *
   * @param architecture that it is for, in Go's words
   */
  async pushIndex(
    reference: string,
    { manifestDigest, manifestBytes }: PushedImage,
    architecture: string,
  ): Promise<void> {
    const [repository = '', tag = 'latest'] = reference.split(':');
    const platform = { architecture, os: 'linux' };
    const manifests = [{ mediaType: manifestType, digest: manifestDigest, size: manifestBytes, platform }];
    const index = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests }));
    const put = await this.#request('PUT', `/v2/${repository}/manifests/${tag}`, index, indexType);
    if (put.status !== 201) throw new Error(`the index was answered with ${put.status}: ${put.body}`);
  }

  async #pushBlob(repository: string, blob: Buffer): Promise<void> {
    const started = await this.#request('POST', `/v2/${repository}/blobs/uploads/`);
    const location = new URL(started.location, `http://${this.host}`);
    location.searchParams.set('digest', digestOf(blob));
    const put = await this.#request('PUT', `${location.pathname}${location.search}`, blob, 'application/octet-stream');
    if (put.status !== 201) throw new Error(`a blob was answered with ${put.status}: ${put.body}`);
  }

  #request(
    method: string,
    path: string,
    body?: Buffer,
    type?: string,
  ): Promise<{ readonly status: number; readonly location: string; readonly body: string }> {
    const { htpasswd, tls } = this.#options;
    const { promise, resolve, reject } = Promise.withResolvers<{ status: number; location: string; body: string }>();
    const options = {
      host: '127.0.0.1',
      port: this.port,
      method,
      path,
      headers: {
        'content-length': body?.length ?? 0,
        ...(type ? { 'content-type': type } : {}),
        ...(htpasswd ? { authorization: basic(htpasswd.user, htpasswd.password) } : {}),
      },
    };
    const request = tls ? httpsRequest({ ...options, rejectUnauthorized: false }) : httpRequest(options);
    request.on('error', reject).on('response', (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      response
        .on('error', reject)
        .on('end', () =>
          resolve({ status: response.statusCode ?? 0, location: response.headers.location ?? '', body: text }),
        );
    });
    request.end(body);
    return promise;
  }
}

const manifestType = 'application/vnd.oci.image.manifest.v1+json';
const indexType = 'application/vnd.oci.image.index.v1+json';

const digestOf = (data: Uint8Array): string => `sha256:${createHash('sha256').update(data).digest('hex')}`;

/** The value of an Authorization header. */
const basic = (user: string, password: string): string =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
