/**
 * Whether anybody has paired with the device: somebody is let in beside the administrator whose kubeconfig never left it.
 *
 * @param adminFingerprint of that administrator's certificate; a name can be anybody's
 */
export function hasPairedPerson(
  clients: { list(): readonly { readonly fingerprint: string }[] },
  adminFingerprint: string,
): boolean {
  return clients.list().some(({ fingerprint }) => fingerprint !== adminFingerprint);
}
