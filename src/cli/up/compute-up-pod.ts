/** The pod of a session of `eli up`. Pure. */
import type { EnvVar, Pod } from '../../api/kinds/pod/types.ts';
import {
  holdAnnotation,
  leaseAnnotation,
  ownerAnnotation,
  ownerMachineAnnotation,
  ownerProcessAnnotation,
  startAnnotationPrefix,
} from '../../api/run-annotations.ts';
import { lastOfEach } from '../pod-parts/env.ts';
import { literal } from '../pod-parts/literal.ts';
import { type MountSpec, volumesOf } from '../pod-parts/mounts.ts';
import { optional } from '../pod-parts/optional.ts';
import { cacheDirectory } from '../project/detected-project.ts';
import type { PortPair } from '../project/port-pair.ts';
import type { SyncPair } from '../project/project-settings.ts';
import { formatMachine, type Machine } from './own-machine.ts';

/** A pod that `eli up` has made. */
export const managedByLabel = 'app.kubernetes.io/managed-by';
/** What `managedByLabel` says then. */
export const managedByUp = 'eli-up';

/** The word of the first start. */
const firstStartWord = '1';

/** What is wanted of it. */
export interface UpPodWish {
  readonly name: string;
  readonly namespace: string;
  readonly image: string;
  /** Empty: what the image runs. */
  readonly command: readonly string[];
  readonly workdir: string;
  readonly env: readonly EnvVar[];
  readonly mounts: readonly MountSpec[];
  readonly syncs: readonly SyncPair[];
  readonly ports: readonly PortPair[];
  readonly limits: Readonly<Record<string, string>>;
  readonly requests: Readonly<Record<string, string>>;
  readonly privileged: boolean;
  readonly hostNetwork: boolean;
  readonly pullPolicy: string;
  readonly stopSeconds: number;
  readonly lease: string;
  readonly owner: string;
  readonly ownerProcess: number;
  readonly ownerMachine: Machine | undefined;
}

/** The volume into which files come that are synced to the n-th place. */
export function syncVolume(index: number): string {
  return `sync-${index}`;
}

/**
 * One container, of the name of the pod, which is held until the files have come; its program is started in place
 * (docs/adr/0049).
 */
export function computeUpPod(wish: UpPodWish): Pod {
  const { name, namespace, lease, owner, ownerProcess, ownerMachine } = wish;
  const { volumes, mounts } = volumesOf(wish.mounts);
  const synced = wish.syncs.map(({ destination }, index) => ({ name: syncVolume(index), mountPath: destination }));
  const own = [...synced, { name: 'cache', mountPath: cacheDirectory }].filter(
    ({ mountPath }) => !mounts.some((mount) => mount.mountPath === mountPath),
  );
  const resources = { ...optional('limits', wish.limits), ...optional('requests', wish.requests) };
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace,
      labels: { [managedByLabel]: managedByUp },
      annotations: {
        [leaseAnnotation]: lease,
        // The files come first.
        [holdAnnotation]: name,
        [startAnnotationPrefix + name]: firstStartWord,
        [ownerAnnotation]: owner,
        [ownerProcessAnnotation]: String(ownerProcess),
        ...(ownerMachine === undefined ? {} : { [ownerMachineAnnotation]: formatMachine(ownerMachine) }),
      },
    },
    spec: {
      restartPolicy: 'Always',
      ...(wish.hostNetwork ? { hostNetwork: true } : {}),
      // The sandbox's own process is then the first one: a program without a handler ends at once when it is to start anew.
      shareProcessNamespace: true,
      terminationGracePeriodSeconds: wish.stopSeconds,
      volumes: [...volumes, ...own.map((volume) => ({ name: volume.name, emptyDir: {} }))],
      containers: [
        {
          name,
          image: wish.image,
          imagePullPolicy: wish.pullPolicy,
          ...optional('command', wish.command.map(literal)),
          workingDir: wish.workdir,
          ...optional(
            'env',
            lastOfEach(wish.env).map(({ name: variable, value = '' }) => ({ name: variable, value: literal(value) })),
          ),
          ...optional(
            'ports',
            wish.ports.map(({ remote }) => ({ containerPort: remote, protocol: 'TCP' })),
          ),
          volumeMounts: [...mounts, ...own],
          ...optional('resources', resources),
          ...(wish.privileged ? { securityContext: { privileged: true } } : {}),
          // Held until we attach, and the byte that lets it go on comes by its stdin.
          stdin: true,
          stdinOnce: true,
        },
      ],
    },
  };
  return pod as unknown as Pod;
}
