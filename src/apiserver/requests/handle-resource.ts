/** Requests about resources: from path and method to a verb, from the verb to what is done. */

import { bundleKind } from '../../api/kinds/bundle.ts';
import type { Image } from '../../api/kinds/image.ts';
import { imageArchiveKind } from '../../api/kinds/image-archive.ts';
import { imageLayerKind } from '../../api/kinds/image-layer.ts';
import { imagePullKind } from '../../api/kinds/image-pull.ts';
import { imagePushKind } from '../../api/kinds/image-push.ts';
import type { Pod } from '../../api/kinds/pod/types.ts';
import { podSignalKind } from '../../api/kinds/pod-signal.ts';
import { findKind } from '../../api/scheme.ts';
import { isPodSync } from '../../api/sync/sync-path.ts';
import { StatusError } from '../../lib/status-error.ts';
import { requireResource } from '../authz.ts';
import type { BundleReceiver } from '../bundles.ts';
import type { Exchange } from '../http/exchange.ts';
import { readBoolean } from '../http/query.ts';
import type { ResourcePath } from '../http/request-path.ts';
import type { ImagePushes } from '../image-pushes.ts';
import type { ImageTransfers } from '../image-transfers.ts';
import type { PodStreams } from '../pod-streams.ts';
import { handleLog } from '../pods/log.ts';
import type { AnyKind } from '../registry/context.ts';
import { unknownPath } from '../registry/errors.ts';
import { isPod } from '../registry/removal.ts';
import type { Registry } from '../registry.ts';
import type { ResourceMetrics } from '../resource-metrics.ts';
import type { ServiceAccountTokens } from '../tokens/service-account-tokens.ts';
import { handleBinding } from './binding.ts';
import { handleBundle } from './bundle.ts';
import { handleEviction } from './eviction.ts';
import { handleImageArchive } from './image-archive.ts';
import { handleImageContent } from './image-content.ts';
import { handleImageLayer } from './image-layer.ts';
import { handleImagePull } from './image-pull.ts';
import { handleImagePush } from './image-push.ts';
import { handleMetrics } from './metrics.ts';
import { handlePodSignal } from './pod-signal.ts';
import { handleGet, handleList, handleWatch } from './read.ts';
import { handleReview, type ReviewDeps } from './reviews.ts';
import { handleScale } from './scale.ts';
import type { ObjectTarget, Target } from './target.ts';
import { handleTokenRequest } from './token-request.ts';
import { handleCreate, handleDelete, handleDeleteCollection, handlePatch, handleUpdate } from './write.ts';

export interface ResourceDeps extends ReviewDeps {
  readonly registry: Registry;
  /** Undefined: none are issued. */
  readonly tokens?: ServiceAccountTokens | undefined;
  readonly podStreams: PodStreams;
  readonly imageTransfers: ImageTransfers;
  readonly imagePushes: ImagePushes;
  /** Undefined: none are taken. */
  readonly bundles?: BundleReceiver | undefined;
  readonly metrics: ResourceMetrics;
  /**
   * Resolves when pods can be shown: after a start they wait for the first look at the runtime, so that nothing
   * flaps (design D5). Bounded by its implementer.
   */
  readonly podsAreKnown: () => Promise<void>;
}

const metricsGroup = 'metrics.k8s.io';

type Verb = AnyKind['verbs'][number];

/** The refusal of a method that a path does not have; of a kind that is only to be read, it says so. */
export function methodNotAllowed(kind?: AnyKind): StatusError {
  const isReadOnly = kind?.group === '' && kind.storage === 'none' && kind.verbs.includes('list');
  const why = isReadOnly ? `: this version of Eliot has no ${kind.resource}, and serves only their empty list` : '';
  return new StatusError('MethodNotAllowed', `the server does not allow this method on the requested resource${why}`, {
    details: {},
  });
}

/** @throws StatusError of any reason; nothing has been answered then, unless the answer had begun */
export async function handleResource(deps: ResourceDeps, exchange: Exchange, path: ResourcePath): Promise<void> {
  const verb = verbOf(exchange, path);
  requireResource(exchange.user, { ...path, verb });
  if (isPodSync(path)) throw new StatusError('BadRequest', 'Upgrade request required');
  const target = findTarget(path);
  if (isPod(target.kind) && (verb === 'get' || verb === 'list' || verb === 'watch')) await deps.podsAreKnown();
  if (path.subresource !== undefined) {
    return handleSubresource(deps, exchange, requireName(target, path), verb, path.subresource);
  }
  if (!target.kind.verbs.includes(verb)) throw methodNotAllowed(target.kind);
  if (target.kind.group === metricsGroup) return handleMetrics(deps.metrics, exchange, target, path.name);
  const { registry } = deps;
  switch (verb) {
    case 'get':
      return handleGet(registry, exchange, requireName(target, path));
    case 'list':
      return handleList(registry, exchange, target);
    case 'watch':
      return handleWatch(registry, exchange, target);
    case 'create':
      if (path.name !== undefined || (target.kind.namespaced && !path.namespace)) throw methodNotAllowed();
      if (target.kind.resource === imageArchiveKind.resource)
        return handleImageArchive(registry, deps.imageTransfers, exchange);
      if (target.kind.resource === imagePullKind.resource)
        return handleImagePull(registry, deps.imageTransfers, exchange);
      if (target.kind.resource === imagePushKind.resource) return handleImagePush(registry, deps.imagePushes, exchange);
      if (target.kind.resource === imageLayerKind.resource) return handleImageLayer(deps.imagePushes, exchange);
      if (target.kind.resource === bundleKind.resource) {
        if (deps.bundles === undefined) throw methodNotAllowed();
        return handleBundle(deps.bundles, exchange);
      }
      if (target.kind.resource === podSignalKind.resource) return handlePodSignal(deps, exchange, path.namespace ?? '');
      return target.kind.storage === 'none'
        ? handleReview(deps, exchange, target)
        : handleCreate(registry, exchange, target);
    case 'update':
      return handleUpdate(registry, exchange, requireName(target, path));
    case 'patch':
      return handlePatch(registry, exchange, requireName(target, path));
    case 'delete':
      return handleDelete(registry, exchange, requireName(target, path));
    case 'deletecollection':
      return handleDeleteCollection(registry, exchange, target);
  }
}

/** @throws StatusError MethodNotAllowed */
export function verbOf({ request, query }: Pick<Exchange, 'request' | 'query'>, { name }: ResourcePath): Verb {
  switch (request.method) {
    case 'GET':
    case 'HEAD':
      if (name !== undefined) return 'get';
      return readBoolean(query, 'watch') ? 'watch' : 'list';
    case 'POST':
      return 'create';
    case 'PUT':
      return 'update';
    case 'PATCH':
      return 'patch';
    case 'DELETE':
      return name === undefined ? 'deletecollection' : 'delete';
    default:
      throw methodNotAllowed();
  }
}

/** @throws StatusError NotFound for what is not served */
export function findTarget({ group, version, resource, namespace }: ResourcePath): Target {
  const kind = findKind(group, version, resource);
  if (!kind || (!kind.namespaced && namespace !== undefined)) throw unknownPath();
  return { kind, namespace };
}

/** @throws StatusError MethodNotAllowed without a name, NotFound for a namespaced object without its namespace */
export function requireName({ kind, namespace }: Target, { name }: ResourcePath): ObjectTarget {
  if (name === undefined) throw methodNotAllowed();
  if (kind.namespaced && !namespace) throw unknownPath();
  return { kind, namespace, key: namespace ? { namespace, name } : { name } };
}

async function handleSubresource(
  deps: ResourceDeps,
  exchange: Exchange,
  target: ObjectTarget,
  verb: Verb,
  name: string,
): Promise<void> {
  const subresource = target.kind.subresources.find((each) => each.name === name);
  if (!subresource) throw unknownPath();
  if (!subresource.verbs.includes(verb)) throw methodNotAllowed();
  switch (name) {
    case 'status':
    case 'finalize':
    case 'ephemeralcontainers':
      if (verb === 'get') return handleGet(deps.registry, exchange, target);
      return verb === 'patch'
        ? handlePatch(deps.registry, exchange, target, name)
        : handleUpdate(deps.registry, exchange, target, name);
    case 'scale':
      return handleScale(deps.registry, exchange, target, verb);
    case 'binding':
      return handleBinding(deps.registry, exchange, target);
    case 'eviction':
      return handleEviction(deps.registry, exchange, target);
    case 'token':
      if (!deps.tokens) throw unknownPath();
      return handleTokenRequest({ registry: deps.registry, tokens: deps.tokens }, exchange, target);
    case 'log':
      return handleLog(deps.podStreams, exchange, (await deps.registry.get(target.kind, target.key)) as Pod);
    case 'archive': {
      const image = (await deps.registry.get(target.kind, target.key)) as Image;
      return handleImageContent(deps.imageTransfers, exchange, image);
    }
    case 'exec':
    case 'attach':
    case 'portforward':
      // These come as upgrades, which the server takes before it looks here.
      throw new StatusError('BadRequest', 'Upgrade request required');
    default:
      throw unknownPath();
  }
}
