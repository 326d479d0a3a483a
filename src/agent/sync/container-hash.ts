import { createHash } from 'node:crypto';

/**
 * A short text that differs when a running container no longer fits its spec. As in the kubelet it covers
 * name and image, the only fields of a running container that may change and need a new one.
 */
export function containerHash(container: { readonly name: string; readonly image?: string }): string {
  return createHash('sha256')
    .update(JSON.stringify([container.name, container.image ?? '']))
    .digest('hex')
    .slice(0, 16);
}
