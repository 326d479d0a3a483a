/** Under which name a device goes into a kubeconfig that may know others. */
import { contextsOf, isTaken, type KubeconfigDocument } from './kubeconfig-document.ts';
import { devicesIn } from './paired-devices.ts';

export interface ChosenName {
  readonly name: string;
  /** The same device stands there already and is replaced. */
  readonly replaces: boolean;
}

/**
 * The context that `eli` made for the device before, else `wanted`, else `wanted-2`, `wanted-3` and so on: the first name
 * that nothing in the file has.
 *
 * @param fingerprint of the device's authority; two devices may have one name, but never one fingerprint
 */
export function chooseName(document: KubeconfigDocument, wanted: string, fingerprint: string): ChosenName {
  const present = ownNames(document, fingerprint).find((name) => name === wanted || numbered(wanted).test(name));
  if (present !== undefined) return { name: present, replaces: true };
  let name = wanted;
  for (let number = 2; isTaken(document, name); number++) name = `${wanted}-${number}`;
  return { name, replaces: false };
}

/** Contexts of this device that have a cluster and a user for themselves, as `putDevice` makes them. */
function ownNames(document: KubeconfigDocument, fingerprint: string): readonly string[] {
  const own = contextsOf(document).filter(
    ({ name, clusterName, userName }) => clusterName === name && userName === name,
  );
  const names = new Set(own.map(({ name }) => name));
  return devicesIn(document)
    .filter((device) => device.fingerprint === fingerprint && names.has(device.name))
    .map(({ name }) => name);
}

function numbered(wanted: string): RegExp {
  // Not RegExp.escape: Node 20 has none, and of all that a node's name may contain only the dot has a meaning.
  return new RegExp(`^${wanted.replaceAll('.', '\\.')}-[0-9]+$`);
}
