/**
 * Gives a new pod its service account, as Kubernetes' ServiceAccount admission does: the account must exist; its token
 * is mounted into every container unless pod or account say otherwise; its pull secrets serve a pod that names none.
 */
import type { Container, Pod, Volume } from '../../api/kinds/pod/types.ts';
import type { ServiceAccount } from '../../api/kinds/service-account.ts';
import type { KubeObject } from '../../api/meta.ts';
import { serviceAccounts } from '../../api/resources.ts';
import type { Admission, AdmissionTools } from '../registry/admission.ts';
import { forbidden } from '../registry/errors.ts';
import { randomSuffix } from '../registry/generate-name.ts';
import { isPod } from '../registry/removal.ts';

const defaultAccount = 'default';
const volumePrefix = 'kube-api-access-';
/** Where every client library looks for them. */
const mountPath = '/var/run/secrets/kubernetes.io/serviceaccount';
/** Kubernetes' WarnOnlyBoundTokenExpirationSeconds: an hour, and seven seconds to know it by. */
const tokenSeconds = 3607;

export const admitServiceAccount: Admission = async (kind, object, tools) => {
  if (!isPod(kind)) return object;
  const pod = object as Pod;
  const name = pod.spec.serviceAccountName || defaultAccount;
  const account = await findAccount(tools, pod, name);
  if (!account) {
    const { namespace = '' } = pod.metadata;
    const why = `error looking up service account ${namespace}/${name}: serviceaccount "${name}" not found`;
    throw forbidden(kind, pod.metadata.name ?? '', why);
  }
  return withAccount(pod, name, account, () => `${volumePrefix}${randomSuffix()}`);
};

/** The account; the namespace's own is made when its controller has not come to it yet. */
async function findAccount(
  { find, ensure, context }: AdmissionTools,
  { metadata: { namespace = '' } }: Pod,
  name: string,
): Promise<Pick<ServiceAccount, 'automountServiceAccountToken' | 'imagePullSecrets'> | undefined> {
  const key = { namespace, name };
  const found = await find<ServiceAccount>(serviceAccounts, key);
  if (found || name !== defaultAccount) return found;
  if (context.dryRun) return {};
  await ensure(serviceAccounts, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: key });
  return find<ServiceAccount>(serviceAccounts, key);
}

/** The pod as it is stored. Pure but for `newVolumeName`. */
function withAccount(
  pod: Pod,
  name: string,
  account: Pick<ServiceAccount, 'automountServiceAccountToken' | 'imagePullSecrets'>,
  newVolumeName: () => string,
): KubeObject {
  const { spec } = pod;
  const ownSecrets = spec.imagePullSecrets ?? [];
  const imagePullSecrets = ownSecrets.length > 0 ? ownSecrets : (account.imagePullSecrets ?? []);
  const isMounted = spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true;
  const named: Pod = {
    ...pod,
    spec: {
      ...spec,
      serviceAccountName: name,
      serviceAccount: name,
      ...(imagePullSecrets.length > 0 ? { imagePullSecrets } : {}),
    },
  };
  return isMounted ? withToken(named, newVolumeName) : named;
}

function withToken(pod: Pod, newVolumeName: () => string): Pod {
  // Not validated yet: what is required may be missing.
  const { volumes = [], initContainers, containers = [] } = pod.spec as Partial<Pod['spec']>;
  const present = volumes.find(({ name = '' }: Partial<Volume>) => name.startsWith(volumePrefix));
  const name = present?.name ?? newVolumeName();
  if ([...(initContainers ?? []), ...containers].every(hasOwnMount)) return pod;
  return {
    ...pod,
    spec: {
      ...pod.spec,
      ...(initContainers ? { initContainers: initContainers.map((container) => withMount(container, name)) } : {}),
      containers: containers.map((container) => withMount(container, name)),
      volumes: present ? volumes : [...volumes, tokenVolume(name)],
    },
  };
}

/** A container that mounts something there itself wants nothing else there. */
function hasOwnMount({ volumeMounts = [] }: Container): boolean {
  return volumeMounts.some((mount) => mount.mountPath === mountPath);
}

function withMount(container: Container, name: string): Container {
  if (hasOwnMount(container)) return container;
  return { ...container, volumeMounts: [...(container.volumeMounts ?? []), { name, readOnly: true, mountPath }] };
}

function tokenVolume(name: string): Volume {
  return {
    name,
    projected: {
      defaultMode: 0o644,
      sources: [
        { serviceAccountToken: { expirationSeconds: tokenSeconds, path: 'token' } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        {
          downwardAPI: {
            items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
          },
        },
      ],
    },
  };
}
