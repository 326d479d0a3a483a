/** Environment variables: literal values and where else they may come from. */
import { bool, defaulted, inline, message, object, quantity, required, string } from '../../../schema/field.ts';
import { localObjectReference } from '../../common/references.ts';

/** A field of the pod itself, `metadata.name` for example. */
export const objectFieldSelector = message('io.k8s.api.core.v1.ObjectFieldSelector', {
  apiVersion: defaulted(string(1), 'v1'),
  fieldPath: required(string(2, { doc: 'Path of the field, for example metadata.name.' })),
});

/** A request or limit of a container; the value is divided by `divisor` and rounded up. */
export const resourceFieldSelector = message('io.k8s.api.core.v1.ResourceFieldSelector', {
  containerName: string(1),
  resource: required(string(2)),
  divisor: defaulted(quantity(3), '0'),
});

const configMapKeySelector = message('io.k8s.api.core.v1.ConfigMapKeySelector', {
  localObjectReference: inline(1, localObjectReference),
  key: required(string(2)),
  optional: bool(3, { pointer: true }),
});

const secretKeySelector = message('io.k8s.api.core.v1.SecretKeySelector', {
  localObjectReference: inline(1, localObjectReference),
  key: required(string(2)),
  optional: bool(3, { pointer: true }),
});

const fileKeySelector = message('io.k8s.api.core.v1.FileKeySelector', {
  volumeName: required(string(1)),
  path: required(string(2)),
  key: required(string(3)),
  optional: defaulted(bool(4, { pointer: true }), false),
});

const envVarSource = message('io.k8s.api.core.v1.EnvVarSource', {
  fieldRef: object(1, objectFieldSelector, { atomic: true }),
  resourceFieldRef: object(2, resourceFieldSelector, { atomic: true }),
  configMapKeyRef: object(3, configMapKeySelector, { atomic: true }),
  secretKeyRef: object(4, secretKeySelector, { atomic: true }),
  fileKeyRef: object(5, fileKeySelector, { atomic: true }),
});

export const envVar = message('io.k8s.api.core.v1.EnvVar', {
  name: required(string(1, { doc: 'Name of the variable.' })),
  value: string(2, { doc: 'Its value; $(NAME) refers to variables defined before it.' }),
  valueFrom: object(3, envVarSource, { doc: 'Where the value comes from; not together with value.' }),
});

const configMapEnvSource = message('io.k8s.api.core.v1.ConfigMapEnvSource', {
  localObjectReference: inline(1, localObjectReference),
  optional: bool(2, { pointer: true }),
});

const secretEnvSource = message('io.k8s.api.core.v1.SecretEnvSource', {
  localObjectReference: inline(1, localObjectReference),
  optional: bool(2, { pointer: true }),
});

export const envFromSource = message('io.k8s.api.core.v1.EnvFromSource', {
  prefix: string(1, { doc: 'Put before every key.' }),
  configMapRef: object(2, configMapEnvSource),
  secretRef: object(3, secretEnvSource),
});
