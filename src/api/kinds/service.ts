/**
 * `v1.Service`: none yet. `kubectl cluster-info` and `get all` list them and must get an empty list, so they can be
 * read and not written.
 */
import {
  bool,
  int32,
  int64,
  intOrString,
  list,
  listMap,
  map,
  message,
  object,
  required,
  scalars,
  string,
  time,
} from '../schema/field.ts';
import type { KindDescription, ObjectOfKind } from '../schema/kind.ts';
import { age, ageColumn, column, nameColumn, orNone, wideColumn } from './common/columns.ts';
import { always, metadata } from './common/object-fields.ts';

const servicePort = message('io.k8s.api.core.v1.ServicePort', {
  name: string(1),
  protocol: string(2),
  port: int32(3),
  targetPort: intOrString(4),
  nodePort: int32(5),
  appProtocol: string(6, { pointer: true }),
});

const serviceSpec = message('io.k8s.api.core.v1.ServiceSpec', {
  ports: listMap(1, servicePort, ['port', 'protocol']),
  selector: map(2, scalars.string, { atomic: true }),
  clusterIP: string(3),
  clusterIPs: list(18, scalars.string),
  type: string(4),
  externalIPs: list(5, scalars.string),
  sessionAffinity: string(7),
  loadBalancerIP: string(8),
  loadBalancerSourceRanges: list(9, scalars.string),
  externalName: string(10),
  externalTrafficPolicy: string(11),
  healthCheckNodePort: int32(12),
  publishNotReadyAddresses: bool(13),
  sessionAffinityConfig: object(
    14,
    message('io.k8s.api.core.v1.SessionAffinityConfig', {
      clientIP: object(
        1,
        message('io.k8s.api.core.v1.ClientIPConfig', { timeoutSeconds: int32(1, { pointer: true }) }),
      ),
    }),
  ),
  ipFamilyPolicy: string(17, { pointer: true }),
  ipFamilies: list(19, scalars.string),
  allocateLoadBalancerNodePorts: bool(20, { pointer: true }),
  loadBalancerClass: string(21, { pointer: true }),
  internalTrafficPolicy: string(22, { pointer: true }),
  trafficDistribution: string(23, { pointer: true }),
});

const portStatus = message('io.k8s.api.core.v1.PortStatus', {
  port: int32(1),
  protocol: string(2),
  error: string(3, { pointer: true }),
});

const loadBalancerIngress = message('io.k8s.api.core.v1.LoadBalancerIngress', {
  ip: string(1),
  hostname: string(2),
  ipMode: string(3, { pointer: true }),
  ports: list(4, portStatus),
});

const condition = message('io.k8s.apimachinery.pkg.apis.meta.v1.Condition', {
  type: required(string(1)),
  status: required(string(2)),
  observedGeneration: int64(3),
  lastTransitionTime: required(time(4)),
  reason: required(string(5)),
  message: required(string(6)),
});

const serviceStatus = message('io.k8s.api.core.v1.ServiceStatus', {
  loadBalancer: always(1, message('io.k8s.api.core.v1.LoadBalancerStatus', { ingress: list(1, loadBalancerIngress) })),
  conditions: listMap(2, condition, ['type']),
});

/** `v1.Service`. */
export const serviceFields = message('io.k8s.api.core.v1.Service', {
  metadata,
  spec: always(2, serviceSpec),
  status: always(3, serviceStatus),
});

export type Service = ObjectOfKind<typeof serviceFields>;

export const serviceKind: KindDescription<typeof serviceFields, Service> = {
  group: '',
  version: 'v1',
  kind: 'Service',
  resource: 'services',
  singular: 'service',
  shortNames: ['svc'],
  categories: ['all'],
  namespaced: true,
  verbs: ['get', 'list', 'watch'],
  subresources: [],
  fields: serviceFields,
  storage: 'none',
  hasGeneration: false,
  validate: () => [],
  validateUpdate: () => [],
  columns: [
    nameColumn,
    column('Type', 'string', 'How it is exposed.'),
    column('Cluster-IP', 'string', 'Its address within the cluster.'),
    column('External-IP', 'string', 'Its addresses outside of it.'),
    column('Port(s)', 'string', 'Its ports.'),
    ageColumn,
    wideColumn('Selector', 'string', 'Labels of its pods.'),
  ],
  row: (service, nowMs) => {
    const { type = '', clusterIP, externalIPs = [], ports = [], selector = {} } = service.spec;
    return [
      service.metadata.name ?? '',
      type,
      orNone(clusterIP),
      orNone(externalIPs.join(',')),
      orNone(ports.map(({ port, protocol }) => `${port}/${protocol}`).join(',')),
      age(service, nowMs),
      orNone(
        Object.entries(selector)
          .map(([key, value]) => `${key}=${value}`)
          .join(','),
      ),
    ];
  },
  selectableFields: {},
};
