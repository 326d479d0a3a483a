/** Joins what tokens need on a device: its key, the objects that they are bound to, its clocks and its node. */
import { uptime } from 'node:os';
import type { ObjectClient } from '../../api/object-client.ts';
import { tokenObjects } from '../../apiserver/tokens/registry-objects.ts';
import { ServiceAccountTokens, type TokenWish } from '../../apiserver/tokens/service-account-tokens.ts';
import type { Clock } from '../../lib/clock.ts';
import { openTokenKey } from '../pki/token-key.ts';
import { type AccountSource, PodTokens } from './pod-tokens.ts';

export interface DeviceTokensOptions {
  readonly dataDir: string;
  readonly nodeName: string;
  readonly bootId: string;
  readonly client: ObjectClient;
  readonly clock: Clock;
  readonly accounts: AccountSource;
  /** Has the volumes of the pod with this uid looked at. */
  readonly wake: (uid: string) => void;
}

export interface DeviceTokens {
  /** Issues and checks tokens, for the API. */
  readonly tokens: ServiceAccountTokens;
  /** Those of the pods that run here. */
  readonly podTokens: PodTokens;
  /** Learns which node this is, for the claims of pods' tokens; to be called when it is registered. */
  learnNode(): Promise<void>;
}

/** @throws StatusError InternalError naming the key's file when it cannot be used */
export async function openDeviceTokens(options: DeviceTokensOptions): Promise<DeviceTokens> {
  const { dataDir, nodeName, bootId, client, clock, accounts, wake } = options;
  const objects = tokenObjects(client);
  const tokens = new ServiceAccountTokens({
    key: await openTokenKey(dataDir),
    objects,
    now: () => ({ wall: clock.now() / 1000, boot: bootId, sinceBoot: uptime() }),
  });
  let node: TokenWish['node'];
  const podTokens = new PodTokens({ clock, accounts, issue: (wish) => tokens.issue(wish), node: () => node, wake });
  return {
    tokens,
    podTokens,
    learnNode: async () => {
      const uid = (await objects.node({ name: nodeName }))?.metadata.uid;
      node = uid === undefined ? undefined : { name: nodeName, uid };
    },
  };
}
