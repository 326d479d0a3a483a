/** What keeps a volume from being set up; the message is the kubelet's. */
export class SetUpError extends Error {
  override readonly name = 'SetUpError';
}
