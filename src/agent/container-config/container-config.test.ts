import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Container, Pod } from '../../api/kinds/pod/types.ts';
import type { Image } from '../../runtime/runtime.ts';
import { makePod } from '../../testing/pods.ts';
import { parseResolvConf, podDnsConfig } from '../dns/dns-config.ts';
import { containerResources, podResources } from './container-resources.ts';
import { podHostname } from './hostname.ts';
import { hostsFile } from './hosts-file.ts';
import { sandboxConfig } from './sandbox-config.ts';
import { containerSecurity, defaultMaskedPaths, nonRootProblem } from './security-context.ts';

const withContainer = (container: object, spec: object = {}): { pod: Pod; container: Container } => {
  const pod = makePod({ spec: { ...spec, containers: [{ name: 'web', image: 'a', ...container }] } });
  const [first] = pod.spec.containers;
  assert.ok(first);
  return { pod, container: first };
};
const securityOf = (own: object, shared: object = {}, spec: object = {}) => {
  const { pod, container } = withContainer({ securityContext: own }, { securityContext: shared, ...spec });
  return containerSecurity(pod, container, '/seccomp');
};

describe('security', () => {
  it('is confined by default: seccomp, masked and read-only paths, no extra groups', () => {
    const security = securityOf({});
    assert.deepEqual(security.seccomp, { type: 'RuntimeDefault' });
    assert.deepEqual(security.maskedPaths, defaultMaskedPaths);
    assert.ok(security.readonlyPaths.includes('/proc/sys'));
    assert.equal(security.noNewPrivileges, false);
    assert.equal(security.runAsUser, undefined);
    assert.deepEqual(security.namespaces, { network: 'pod', pid: 'container', ipc: 'pod' });
  });

  it('of the container wins over that of the pod', () => {
    const security = securityOf({ runAsUser: 5 }, { runAsUser: 1, runAsGroup: 2, fsGroup: 3, supplementalGroups: [4] });
    assert.equal(security.runAsUser, 5);
    assert.equal(security.runAsGroup, 2);
    assert.deepEqual(security.supplementalGroups, [4, 3]);
  });

  it('of a privileged container hides nothing', () => {
    const security = securityOf({ privileged: true });
    assert.deepEqual([security.maskedPaths, security.readonlyPaths, security.seccomp.type], [[], [], 'Unconfined']);
  });

  it('forbids new privileges when escalation is not allowed', () => {
    assert.equal(securityOf({ allowPrivilegeEscalation: false }).noNewPrivileges, true);
  });

  it('finds local seccomp profiles in its directory', () => {
    const profile = { seccompProfile: { type: 'Localhost', localhostProfile: 'p.json' } };
    assert.deepEqual(securityOf(profile).seccomp, { type: 'Localhost', localhostRef: '/seccomp/p.json' });
  });

  it('shares the namespaces that are asked for', () => {
    const { namespaces } = securityOf({}, {}, { hostNetwork: true, hostPID: true, hostIPC: true });
    assert.deepEqual(namespaces, { network: 'node', pid: 'node', ipc: 'node' });
    assert.equal(securityOf({}, {}, { shareProcessNamespace: true }).namespaces.pid, 'pod');
  });

  const image = (user: Partial<Image>): Image => ({
    id: 'i',
    tags: [],
    digests: [],
    sizeBytes: 0,
    uid: undefined,
    username: '',
    ...user,
  });
  for (const { what, own, user, problem } of [
    {
      what: 'an image of root',
      own: {},
      user: {},
      problem: /^container has runAsNonRoot and image will run as root \(pod: "web_default\(u1\)", container: web\)$/,
    },
    { what: 'an image of uid 0', own: {}, user: { uid: 0 }, problem: /image will run as root/ },
    {
      what: 'an image with a user name',
      own: {},
      user: { username: 'app' },
      problem: /image has non-numeric user \(app\), cannot verify user is non-root/,
    },
    { what: 'an image of uid 7', own: {}, user: { uid: 7 }, problem: undefined },
    {
      what: 'runAsUser 0',
      own: { runAsUser: 0 },
      user: { uid: 7 },
      problem: /^container's runAsUser breaks non-root policy/,
    },
    { what: 'runAsUser 7', own: { runAsUser: 7 }, user: {}, problem: undefined },
  ]) {
    it(`with runAsNonRoot ${problem ? 'refuses' : 'admits'} ${what}`, () => {
      const { pod, container } = withContainer({ securityContext: { runAsNonRoot: true, ...own } });
      const found = nonRootProblem(pod, container, image(user));
      if (problem) assert.match(found ?? '', problem);
      else assert.equal(found, undefined);
    });
  }
});

describe('resources', () => {
  const of = (resources: object, qos: 'Guaranteed' | 'Burstable' | 'BestEffort' = 'Burstable') =>
    containerResources(withContainer({ resources }).container, qos, 1 << 30);

  it('become shares, quota and bytes', () => {
    assert.deepEqual(of({ requests: { cpu: '250m', memory: '64Mi' }, limits: { cpu: '500m', memory: '128Mi' } }), {
      cpuPeriod: 100_000,
      cpuQuota: 50_000,
      cpuShares: 256,
      memoryLimitBytes: 128 << 20,
      oomScoreAdj: 1000 - 62,
    });
  });

  it('that are not asked for are the least and no limit', () => {
    assert.deepEqual(of({}, 'BestEffort'), {
      cpuPeriod: 100_000,
      cpuQuota: 0,
      cpuShares: 2,
      memoryLimitBytes: 0,
      oomScoreAdj: 1000,
    });
  });

  it('of a guaranteed pod are killed last', () => {
    assert.equal(of({ limits: { cpu: '1', memory: '1Mi' } }, 'Guaranteed').oomScoreAdj, -997);
  });

  it('of a tiny CPU limit are still a millisecond', () => {
    assert.equal(of({ limits: { cpu: '1m' } }).cpuQuota, 1_000);
  });

  it('of a pod are the sum, or the largest init container, and limited only when all are', () => {
    const limits = (cpu: string, memory: string): object => ({ resources: { limits: { cpu, memory } } });
    const spec = {
      initContainers: [{ name: 'i', image: 'a', ...limits('2', '10Mi') }],
      containers: [
        { name: 'x', image: 'a', ...limits('500m', '20Mi') },
        { name: 'y', image: 'a', ...limits('500m', '20Mi') },
      ],
    };
    const resources = podResources(makePod({ spec }));
    assert.deepEqual([resources.cpuQuota, resources.memoryLimitBytes], [200_000, 40 << 20]);
    const open = podResources(
      makePod({ spec: { ...spec, containers: [...spec.containers, { name: 'z', image: 'a' }] } }),
    );
    assert.deepEqual([open.cpuQuota, open.memoryLimitBytes], [0, 0]);
  });
});

describe('names and addresses', () => {
  const host = parseResolvConf(
    '# c\nnameserver 1.1.1.1\nnameserver 8.8.8.8 ; x\nsearch a b .\noptions ndots:2 rotate\n',
  );

  it('are those of the device for ClusterFirst and Default', () => {
    assert.deepEqual(host, { servers: ['1.1.1.1', '8.8.8.8'], searches: ['a', 'b'], options: ['ndots:2', 'rotate'] });
    assert.deepEqual(podDnsConfig(makePod(), host), host);
  });

  it('are only those of the pod for None', () => {
    const dnsConfig = {
      nameservers: ['9.9.9.9'],
      searches: ['x'],
      options: [{ name: 'ndots', value: '5' }, { name: 'edns0' }],
    };
    assert.deepEqual(podDnsConfig(makePod({ spec: { dnsPolicy: 'None', dnsConfig } }), host), {
      servers: ['9.9.9.9'],
      searches: ['x'],
      options: ['ndots:5', 'edns0'],
    });
  });

  it('are merged, the pod options first, at most three servers', () => {
    const dnsConfig = { nameservers: ['1.1.1.1', '2.2.2.2', '3.3.3.3'], options: [{ name: 'ndots', value: '5' }] };
    const merged = podDnsConfig(makePod({ spec: { dnsConfig } }), host);
    assert.deepEqual(merged.servers, ['1.1.1.1', '8.8.8.8', '2.2.2.2']);
    assert.deepEqual(merged.options, ['ndots:5', 'rotate']);
  });

  it('make a hosts file with the pod and its aliases', () => {
    const hostAliases = [{ ip: '1.2.3.4', hostnames: ['foo', 'bar'] }];
    const text = hostsFile(makePod({ spec: { hostAliases, hostname: 'box', subdomain: 'sub' } }), ['10.85.0.2'], '');
    assert.match(text, /^# Kubernetes-managed hosts file\.\n127\.0\.0\.1\tlocalhost\n/);
    assert.match(text, /\n10\.85\.0\.2\tbox\.sub\.default\.svc\.cluster\.local\tbox\n/);
    assert.match(text, /\n# Entries added by HostAliases\.\n1\.2\.3\.4\tfoo\tbar\n$/);
  });

  it('are the hosts of the device on its network', () => {
    const text = hostsFile(makePod({ spec: { hostNetwork: true } }), [], '127.0.0.1 me\n');
    assert.equal(text, '# Kubernetes-managed hosts file (host network).\n127.0.0.1 me\n');
  });

  it('cut a long pod name to a host name', () => {
    const name = `${'a'.repeat(62)}-${'b'.repeat(20)}`;
    assert.equal(podHostname(makePod({ metadata: { name } })), 'a'.repeat(62));
  });
});

describe('a sandbox', () => {
  const facts = {
    instanceId: 'i1',
    logDirectory: '/logs',
    cgroupParent: '/eliot-i1/besteffort/podu1',
    seccompDirectory: '/seccomp',
    dns: { servers: [], searches: [], options: [] },
    runtimeHandler: '',
  };

  it('publishes the ports that are asked for, and carries the labels it is found by', () => {
    const ports = [{ containerPort: 80, hostPort: 8080 }, { containerPort: 81 }];
    const config = sandboxConfig(makePod({ spec: { containers: [{ name: 'web', image: 'a', ports }] } }), 2, facts);
    assert.deepEqual(config.portMappings, [{ protocol: 'TCP', containerPort: 80, hostPort: 8080, hostIP: '' }]);
    assert.deepEqual(config.labels, {
      'io.kubernetes.pod.name': 'web',
      'io.kubernetes.pod.namespace': 'default',
      'io.kubernetes.pod.uid': 'u1',
      'run.eliot.instance': 'i1',
    });
    assert.equal(config.attempt, 2);
    assert.equal(config.hostname, 'web');
  });

  it('has no host name and maps no port on the host network', () => {
    const ports = [{ containerPort: 80, hostPort: 80 }];
    const config = sandboxConfig(
      makePod({ spec: { hostNetwork: true, containers: [{ name: 'web', image: 'a', ports }] } }),
      0,
      facts,
    );
    assert.equal(config.hostname, undefined);
    assert.deepEqual(config.portMappings, []);
  });

  it('is privileged when one of its containers is', () => {
    const containers = [{ name: 'web', image: 'a', securityContext: { privileged: true } }];
    assert.equal(sandboxConfig(makePod({ spec: { containers } }), 0, facts).privileged, true);
  });

  it('with a user namespace is refused: the runtime would silently ignore it', () => {
    assert.throws(() => sandboxConfig(makePod({ spec: { hostUsers: false } }), 0, facts), /user namespaces/);
  });
});
