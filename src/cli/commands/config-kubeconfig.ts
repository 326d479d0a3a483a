/** `eli config kubeconfig`: a kubeconfig for kubectl and others, printed or merged into theirs. */
import { delimiter, join } from 'node:path';
import type { CommandContext } from '../context.ts';
import { chooseName } from '../devices/choose-name.ts';
import { contextsOf, copyContext, type KubeconfigDocument, keepContext } from '../devices/kubeconfig-document.ts';
import { changeKubeconfig } from '../devices/kubeconfig-store.ts';
import { openDevices } from '../devices/open-devices.ts';
import { devicesIn } from '../devices/paired-devices.ts';
import { toYaml } from '../printers/serialize.ts';
import { UsageError } from '../usage-error.ts';

export interface ConfigKubeconfigFlags {
  readonly merge?: boolean;
}

/** @param name the device; all of them when it is left out */
export async function runConfigKubeconfig(
  name: string | undefined,
  flags: ConfigKubeconfigFlags,
  context: CommandContext,
): Promise<number> {
  const all = await openDevices(context).read();
  const document = name === undefined ? all : keepContext(all, name);
  if (contextsOf(document).length === 0) {
    throw new UsageError('no device is paired yet', 'pair with one:  eli pair NAME|ADDRESS CODE');
  }
  if (!flags.merge) {
    await context.print(await toYaml(document));
    return 0;
  }
  await merge(document, context);
  return 0;
}

async function merge(document: KubeconfigDocument, context: CommandContext): Promise<void> {
  const { io, signal } = context;
  const path = kubectlsFile(io.env);
  const merged: { name: string; as: string }[] = [];
  await changeKubeconfig(
    path,
    (theirs) => {
      let result = theirs;
      for (const { name, fingerprint } of devicesIn(document)) {
        const as = chooseName(result, name, fingerprint ?? '').name;
        result = copyContext(result, document, { name, as });
        merged.push({ name, as });
      }
      return result;
    },
    io,
    signal,
  );
  for (const { name, as } of merged) {
    const renamed = name === as ? '' : ` as "${as}", because "${name}" stands there for something else`;
    await context.print(`Context "${name}" merged into ${path}${renamed}.\n`);
  }
  context.hint(`  kubectl --context ${merged[0]?.as} get pods`);
}

/** The file that kubectl writes into: the first of KUBECONFIG, else `~/.kube/config`. */
function kubectlsFile(env: CommandContext['io']['env']): string {
  const [named] = (env['KUBECONFIG'] ?? '').split(delimiter).filter((path) => path !== '');
  if (named !== undefined) return named;
  const home = env['HOME'];
  if (!home) throw new UsageError('HOME is not set: where is the kubeconfig of kubectl?', 'name it with KUBECONFIG');
  return join(home, '.kube', 'config');
}
