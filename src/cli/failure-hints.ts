/** What to do next when a device has refused. Pure. */
import type { PullFailure } from '../api/pull-failure.ts';
import type { StatusError } from '../lib/status-error.ts';

/** Kinds of a device that live in no namespace, by their plural; a test compares them with the scheme. */
export const clusterScoped: ReadonlySet<string> = new Set([
  'bundles',
  'clients',
  'images',
  'namespaces',
  'nodes',
  'priorityclasses',
  'runtimeclasses',
]);

/** By what has stopped a pull. */
const pullHints: Readonly<Record<PullFailure, string | undefined>> = {
  RegistryUnreachable: 'can the device reach the registry? docs/user/registries.md has mirrors',
  LoginRefused:
    'is there such an image, and does the device have a login for it? docs/user/registries.md says where to put one',
  NoSpaceLeft: 'its disk is full: "eli image prune" removes the images that nothing uses',
  CertificateNotValidNow: 'is its clock right?',
  PullFailed: undefined,
};

/** One line without its end; undefined when the refusal itself says it. */
export function hintFor(failure: StatusError, namespace: string): string | undefined {
  const { details, message } = failure;
  const cause = details?.causes?.[0]?.reason;
  switch (failure.reason) {
    case 'NotFound':
      return whereToLook(failure, namespace);
    case 'AlreadyExists':
      return 'change it with "eli apply -f", or delete it first';
    case 'Conflict':
      // Other conflicts say themselves what stands in the way.
      return message.includes('object has been modified') ? 'read it again and try once more' : undefined;
    case 'Expired':
      return 'too much has changed meanwhile; try again';
    case 'Unauthorized':
      return 'it does not know you: was your access revoked, or the device set up anew? Then pair with it again (eli pair)';
    case 'Forbidden':
      return 'you are not permitted to; who administers the device can give you another group';
    case 'TooManyRequests':
      // A disruption budget says itself how long it holds.
      if (details?.causes !== undefined) return undefined;
      return details?.retryAfterSeconds === undefined
        ? 'it is busy; try again in a moment'
        : `it is busy; try again in ${details.retryAfterSeconds} s`;
    case 'ServiceUnavailable':
      return isPullFailure(cause)
        ? pullHints[cause]
        : 'it is still starting, or its container runtime is down; try again in a moment';
    case 'Timeout':
      return 'it took too long; try again';
    case 'InternalError':
      return 'its log says more: journalctl -u eliotd';
    case 'InsufficientStorage':
      return '"eli image prune" removes the images that nothing uses';
    case 'RequestEntityTooLarge':
      return 'send it in smaller parts';
    case 'MethodNotAllowed':
    case 'NotAcceptable':
    case 'UnsupportedMediaType':
      return '"eli version" shows whether it is older than this eli';
    case 'BadRequest':
    case 'Invalid':
      return undefined;
  }
}

function isPullFailure(cause: string | undefined): cause is PullFailure {
  return cause !== undefined && Object.hasOwn(pullHints, cause);
}

function whereToLook({ details }: StatusError, namespace: string): string | undefined {
  const { kind, name } = details ?? {};
  if (name === undefined || kind === undefined || name === '') return undefined;
  if (clusterScoped.has(kind)) return `"eli get ${kind}" shows what is there`;
  return `"eli get ${kind} -n ${namespace}" shows what is there, -A looks in every namespace`;
}
