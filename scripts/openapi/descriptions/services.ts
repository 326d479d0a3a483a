/** Descriptions of the fields of services, by type and field. */
import type { Descriptions } from './descriptions.ts';

export const serviceDescriptions: Descriptions = {
  'core.v1.ClientIPConfig': { timeoutSeconds: 'Seconds for which a client stays with its pod.' },
  'core.v1.LoadBalancerIngress': {
    hostname: 'Its name.',
    ip: 'Its address.',
    ipMode: 'How what is sent to the address arrives: VIP or Proxy.',
    ports: 'Its ports.',
  },
  'core.v1.LoadBalancerStatus': { ingress: 'Where it can be reached.' },
  'core.v1.PortStatus': {
    error: 'What is wrong with the port.',
    port: 'Number of the port.',
    protocol: 'TCP, UDP or SCTP.',
  },
  'core.v1.Service': { spec: 'What is wanted.' },
  'core.v1.ServicePort': {
    appProtocol: 'What is spoken on it, as kubernetes.io/ws.',
    nodePort: 'Its port on the node.',
    port: 'Its port.',
    protocol: 'TCP, UDP or SCTP.',
    targetPort: 'The port of its pods, by number or name.',
  },
  'core.v1.ServiceSpec': {
    allocateLoadBalancerNodePorts: 'Whether it gets node ports when it is a LoadBalancer.',
    clusterIP: 'Its address within the cluster; None for one without.',
    clusterIPs: 'The same for each family of addresses.',
    externalIPs: 'Further addresses for which it stands.',
    externalName: 'The name for which it stands, for ExternalName.',
    externalTrafficPolicy: 'Cluster, or Local: only to pods of the node that was asked.',
    healthCheckNodePort: 'Port on which a load balancer asks whether a node has pods of it.',
    internalTrafficPolicy: 'Cluster, or Local: only to pods of the node that asks.',
    ipFamilies: 'IPv4, IPv6.',
    ipFamilyPolicy: 'How many families of addresses it has.',
    loadBalancerClass: 'Which load balancer it is for.',
    loadBalancerIP: 'The address that is wished for.',
    loadBalancerSourceRanges: 'Networks that may reach it.',
    ports: 'Its ports.',
    publishNotReadyAddresses: 'Whether pods that are not ready are part of it.',
    selector: 'Labels of its pods.',
    sessionAffinity: 'None, or ClientIP: a client stays with its pod.',
    sessionAffinityConfig: 'How long it does.',
    trafficDistribution: 'Which pods are preferred.',
  },
  'core.v1.ServiceStatus': { loadBalancer: 'Where it can be reached from outside.' },
  'core.v1.SessionAffinityConfig': { clientIP: 'For ClientIP.' },
};
