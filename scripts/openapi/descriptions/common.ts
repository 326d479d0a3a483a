/** Descriptions of fields that mean the same wherever they stand. */

/** By name of the field. */
export const fieldDescriptions: Readonly<Record<string, string>> = {
  conditions: 'What has been observed, one entry for each type.',
  defaultMode: 'Mode of the files that name none, 0644 when absent. Octal in YAML, decimal in JSON.',
  finishedAt: 'When it ended.',
  fsType: 'File system to mount, for example ext4.',
  group: 'API group; empty is the core group.',
  items: 'Which keys become files, and where. All of them when absent; a key that is missing is an error.',
  key: 'The key.',
  kind: 'The kind of the object.',
  labelSelector: 'Which objects are meant, by their labels.',
  lastHeartbeatTime: 'When it was looked at last.',
  lastProbeTime: 'When it was looked at last.',
  lastTransitionTime: 'When the status changed last.',
  lastUpdateTime: 'When the condition was written last.',
  matchExpressions: 'Requirements; all must be met.',
  matchLabelKeys: 'Keys of the own labels that must have the same value there.',
  message: 'What has happened, for people.',
  mode: 'Mode of the file; the default mode of the volume when absent.',
  name: 'Its name.',
  namespace: 'Its namespace.',
  observedGeneration: 'The metadata.generation that this was made for.',
  operator: 'How key and values are compared.',
  optional: 'Whether it may be missing.',
  path: 'Path.',
  readOnly: 'Whether it is mounted read-only.',
  reason: 'Why, as one word in CamelCase, for programs.',
  resourceVersion: 'The version of the object.',
  secretRef: 'The Secret with what is needed to log in.',
  startedAt: 'When it was started.',
  status: 'True, False or Unknown.',
  type: 'What it is about.',
  uid: 'The uid of the object.',
  value: 'The value.',
  values: 'The values that are compared with.',
};

/** Of scalars that are types of their own. */
export const scalarDescriptions: Readonly<Record<string, string>> = {
  'io.k8s.apimachinery.pkg.api.resource.Quantity':
    'A number with a unit: 500m is a half, 1Ki is 1024, 1k is 1000. As a string or a plain number.',
  'io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1':
    'A set of fields as a tree: f:NAME is a field, k:{…} an element of a list by its keys, v:… one by its value.',
  'io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime': 'A time as in RFC 3339, with microseconds.',
  'io.k8s.apimachinery.pkg.apis.meta.v1.Time': 'A time as in RFC 3339.',
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': 'A number, or a string: the name of a port, or a percentage.',
};
