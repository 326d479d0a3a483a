/**
 * How registries are reached, as `hosts.toml` files that containerd reads at each pull (1.6 and newer, docs/hosts.md
 * there). Only files that were made here are ever changed: one that somebody wrote by hand stays.
 */
import { mkdir, readdir, readFile, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../../../lib/atomic-file.ts';
import type { Logger } from '../../../lib/logger.ts';
import { unlessMissing } from '../../../lib/unless-missing.ts';
import type { RegistryAuth } from '../../runtime.ts';

export interface RegistryMirror {
  /** `http:` is plain HTTP. */
  readonly url: string;
  /** Path of a PEM file. */
  readonly ca?: string | undefined;
  readonly skipVerify?: boolean | undefined;
  readonly auth?: RegistryAuth | undefined;
}

/** How one registry is reached. */
export interface RegistryHost {
  /** Asked in this order, before the registry itself. */
  readonly mirrors: readonly RegistryMirror[];
  readonly ca?: string | undefined;
  readonly plainHttp?: boolean | undefined;
  readonly skipVerify?: boolean | undefined;
}

const mark = '# Written by eliotd from its setting `registries`.';

/** The content of a `hosts.toml`. Pure. */
export function registryHostsToml(host: string, registry: RegistryHost): string {
  const name = host === 'docker.io' ? 'registry-1.docker.io' : host;
  const server = `${registry.plainHttp ? 'http' : 'https'}://${name}`;
  const lines = [mark, `server = ${quote(server)}`, ...tlsLines(registry)];
  // containerd 1.6 passes over a file without any host: then the server stands for itself.
  const hosts = registry.mirrors.length > 0 ? registry.mirrors : [{ ...registry, url: server, auth: undefined }];
  for (const { url, auth, ...tls } of hosts) {
    lines.push('', `[host.${quote(url)}]`, 'capabilities = ["pull", "resolve"]', ...tlsLines(tls));
    if (auth === undefined) continue;
    const login = Buffer.from(`${auth.username}:${auth.password}`).toString('base64');
    lines.push(`[host.${quote(url)}.header]`, `Authorization = ${quote(`Basic ${login}`)}`);
  }
  return `${lines.join('\n')}\n`;
}

function tlsLines({ ca, skipVerify }: Pick<RegistryMirror, 'ca' | 'skipVerify'>): string[] {
  return [...(ca ? [`ca = ${quote(ca)}`] : []), ...(skipVerify ? ['skip_verify = true'] : [])];
}

/** JSON's escapes of a string are a part of TOML's. */
function quote(text: string): string {
  return JSON.stringify(text);
}

/** Makes the files in `directory` those of `registries`. */
export async function writeRegistryHosts(
  directory: string,
  registries: Readonly<Record<string, RegistryHost>>,
  log: Logger,
): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o755 });
  const wanted = new Map(
    Object.entries(registries)
      .filter(([, { mirrors, ca, plainHttp, skipVerify }]) => mirrors.length > 0 || ca || plainHttp || skipVerify)
      .map(([host, registry]) => [host, registryHostsToml(host, registry)]),
  );
  for (const host of new Set([...(await readdir(directory)), ...wanted.keys()])) {
    const path = join(directory, host, 'hosts.toml');
    const present = await unlessMissing(readFile(path, 'utf8'));
    const content = wanted.get(host);
    if (present === content) continue;
    if (present !== undefined && !present.startsWith(mark)) {
      if (content !== undefined) log.warn('hosts.toml was written by hand and is left as it is', { path });
    } else if (content === undefined) {
      await rm(path, { force: true });
      // Unless something else lies there.
      await rmdir(join(directory, host)).catch(() => {});
    } else {
      await mkdir(join(directory, host), { recursive: true, mode: 0o755 });
      // It may hold logins.
      await writeFileAtomic(path, content, 0o600);
    }
  }
}
