/** A paired device that is not where it was: looked for on the network, and remembered where it is. */
import type { TransportOptions } from '../../client/transport.ts';
import type { CliIo } from '../io.ts';
import { devicesPath } from './devices-path.ts';
import { findPaired } from './find-paired.ts';
import { setServer } from './kubeconfig-document.ts';
import { changeKubeconfig } from './kubeconfig-store.ts';
import { authorityFingerprint, devicesIn } from './paired-devices.ts';

/** @returns where it is now; undefined when it does not answer, or only where it was asked in vain */
export async function findMoved(
  name: string,
  { server, ca }: TransportOptions,
  io: CliIo,
  signal: AbortSignal,
): Promise<string | undefined> {
  const fingerprint = ca === undefined ? undefined : authorityFingerprint(String(ca));
  if (fingerprint === undefined) return undefined;
  const [place] = await findPaired([{ name, fingerprint }], io, signal);
  return place === undefined || place.server === server ? undefined : place.server;
}

/** From now on it is asked at `server`, by kubectl too. A file that cannot be written is no failure: it will be found again. */
export async function rememberMoved(name: string, server: string, io: CliIo, signal: AbortSignal): Promise<void> {
  const path = devicesPath(io.env);
  if (path === undefined) return;
  await changeKubeconfig(
    path,
    (document) =>
      devicesIn(document).some((device) => device.name === name) ? setServer(document, name, server) : document,
    io,
    signal,
  ).catch(() => {});
}
