/** In which form a client wants objects: as they are, as a table to print, or only their metadata. */
import { StatusError } from '../../lib/status-error.ts';
import { parseAccept, takesJson } from './media-type.ts';

export type AnswerForm = 'object' | 'table' | 'metadata';

const formByName: Readonly<Record<string, AnswerForm>> = {
  Table: 'table',
  PartialObjectMetadata: 'metadata',
  PartialObjectMetadataList: 'metadata',
};

/** Refuses whoever cannot take the object as it is: what is no stored object has no table (reviews, tokens). */
export function requireObjectForm(accept: string | undefined): void {
  const takesObject = parseAccept(accept).some((each) => takesJson(each) && !each.parameters.has('as'));
  if (!takesObject) throw notAcceptable();
}

/**
 * The first form of `Accept` that can be served; what is not known (protobuf, older versions) is passed over.
 *
 * @throws StatusError NotAcceptable when nothing can be
 */
export function negotiateForm(accept: string | undefined): AnswerForm {
  for (const accepted of parseAccept(accept)) {
    if (!takesJson(accepted)) continue;
    const as = accepted.parameters.get('as');
    if (as === undefined) return 'object';
    const form = Object.hasOwn(formByName, as) ? formByName[as] : undefined;
    const isV1 = accepted.parameters.get('g') === 'meta.k8s.io' && accepted.parameters.get('v') === 'v1';
    if (form && isV1) return form;
  }
  throw notAcceptable();
}

/** The answer to a client that takes no JSON. */
export function notAcceptable(): StatusError {
  return new StatusError('NotAcceptable', 'only the following media types are accepted: application/json');
}
