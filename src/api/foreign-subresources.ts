import type { KindDescription, Subresource } from './schema/kind.ts';

/** What a group serves of a resource that is another group's: of what Kubernetes has, something that Kubernetes has not. */
export interface ForeignSubresource extends Pick<KindDescription, 'group' | 'version' | 'resource' | 'namespaced'> {
  readonly subresource: Subresource;
}

/** All that is served. */
export const foreignSubresources: readonly ForeignSubresource[] = [
  {
    group: 'eliot.run',
    version: 'v1alpha1',
    resource: 'pods',
    namespaced: true,
    subresource: { name: 'sync', verbs: ['create', 'get'], kind: 'PodSyncOptions' },
  },
];
