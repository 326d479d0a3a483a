/** From one document of a manifest to objects, refused as strictly as the API server would. */
import { isObject } from '../../api/json-value.ts';
import type { KubeObject, ObjectMeta } from '../../api/meta.ts';
import { decodeJson } from '../../api/schema/decode-json.ts';
import { applyDefaults } from '../../api/schema/defaults.ts';
import type { KindDescription } from '../../api/schema/kind.ts';
import { validateFields } from '../../api/schema/validate.ts';
import { findKindByName } from '../../api/scheme.ts';
import { StatusError } from '../../lib/status-error.ts';
import type { DesiredObject } from './desired-state.ts';

/** The namespace of an object that names none. */
const defaultNamespace = 'default';

/**
 * The objects of `document`: one, or the items of a `v1 List`. With defaults, without status, in namespace
 * `default` when they name none.
 *
 * @throws StatusError BadRequest (no such kind, wrong type, unknown field) or Invalid, naming the field
 */
export function decodeManifest(document: unknown): DesiredObject[] {
  if (!isObject(document)) throw new StatusError('BadRequest', 'a manifest must be an object with apiVersion and kind');
  const { apiVersion, kind: kindName, items } = document;
  if (typeof apiVersion !== 'string' || apiVersion === '')
    throw new StatusError('BadRequest', "Object 'apiVersion' is missing");
  if (typeof kindName !== 'string' || kindName === '') throw new StatusError('BadRequest', "Object 'Kind' is missing");
  if (apiVersion === 'v1' && kindName === 'List') {
    if (!Array.isArray(items)) throw new StatusError('BadRequest', 'items of a List must be a list');
    return items.flatMap(decodeManifest);
  }
  const kind = findKindByName(apiVersion, kindName);
  if (kind === undefined) {
    throw new StatusError('BadRequest', `no matches for kind "${kindName}" in version "${apiVersion}"`);
  }
  if (kind.storage === 'none' || !kind.verbs.includes('create') || !kind.verbs.includes('delete')) {
    throw new StatusError('BadRequest', `objects of kind "${kindName}" cannot be kept in manifests`);
  }
  return [{ kind, object: decodeObject(kind, document) }];
}

function decodeObject(kind: KindDescription, document: Readonly<Record<string, unknown>>): KubeObject {
  const { value, unknownFields } = decodeJson(kind.fields, document, kind.kind);
  if (unknownFields.length > 0) {
    const list = unknownFields.map((field) => `unknown field "${field}"`).join(', ');
    throw new StatusError('BadRequest', `strict decoding error: ${list}`);
  }
  const { apiVersion, kind: kindName, status: _status, metadata, ...content } = value;
  const wanted = wantedMetadata(kind, isObject(metadata) ? metadata : {});
  const { metadata: defaultedMetadata, ...fields } = applyDefaults(kind.fields, { metadata: wanted, ...content });
  const defaulted = { apiVersion, kind: kindName, metadata: defaultedMetadata, ...fields } as KubeObject;
  const normalized = kind.normalize?.(defaulted) ?? defaulted;
  // With the status that it begins with, as kinds look at it as well.
  validate(kind, normalized);
  const { status: _defaultStatus, ...object } = normalized;
  return object;
}

/** What a source may want of an object's metadata; the rest is the server's. */
function wantedMetadata(kind: KindDescription, metadata: ObjectMeta): ObjectMeta {
  const { name, namespace, labels, annotations, finalizers, ownerReferences } = metadata;
  if (!name) throw invalid(kind, '', 'metadata.name: Required value: name is required in a manifest');
  const place = kind.namespaced ? { namespace: namespace || defaultNamespace } : {};
  return {
    name,
    ...place,
    ...(labels === undefined ? {} : { labels }),
    ...(annotations === undefined ? {} : { annotations }),
    ...(finalizers === undefined ? {} : { finalizers }),
    ...(ownerReferences === undefined ? {} : { ownerReferences }),
  };
}

function validate(kind: KindDescription, object: KubeObject): void {
  const { apiVersion: _apiVersion, kind: _kind, ...fields } = object;
  const errors = [...validateFields(kind.fields, fields), ...kind.validate(object)];
  const sentences = errors.map(({ field, message }) => `${field}: ${message}`);
  if (sentences.length === 0) return;
  throw invalid(
    kind,
    object.metadata.name ?? '',
    sentences.length === 1 ? `${sentences[0]}` : `[${sentences.join(', ')}]`,
  );
}

function invalid(kind: KindDescription, name: string, what: string): StatusError {
  return new StatusError('Invalid', `${kind.kind} "${name}" is invalid: ${what}`);
}
