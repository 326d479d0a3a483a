/** The certificates of this device: read or made at the start, and the server's kept in step with its addresses. */

import type { RunChild } from '../host/run-child.ts';
import { gatewayOf } from '../lib/cidr.ts';
import { StatusError } from '../lib/status-error.ts';
import type {
  IssueCertificates,
  IssueInput,
  IssueOutput,
  SignInput,
  SignOutput,
  SignRequest,
} from './pki/certificate-request.ts';
import { openPki, type Pki } from './pki/pki.ts';

export interface DeviceNames {
  readonly dataDir: string;
  readonly nodeName: string;
  /** Pods reach the server at the first address of their network. */
  readonly podCidr: string;
}

/** Names by which clients on the LAN and on the device itself reach the server. */
function dnsNamesOf(nodeName: string): string[] {
  const short = nodeName.split('.')[0] ?? nodeName;
  return [
    ...new Set([
      nodeName,
      short,
      `${short}.local`,
      'localhost',
      'kubernetes',
      'kubernetes.default',
      'kubernetes.default.svc',
      'kubernetes.default.svc.cluster.local',
    ]),
  ];
}

/**
 * @param addresses of the device; the loopback addresses and that of the pods' bridge are added
 * @param isRevoked see `PkiOptions.isRevoked`
 */
export function openDeviceCertificates(
  { dataDir, nodeName, podCidr }: DeviceNames,
  addresses: readonly string[],
  issue: IssueCertificates,
  signal: AbortSignal,
  isRevoked?: (pem: string) => boolean,
): Promise<Pki> {
  const ips = [...new Set(['127.0.0.1', '::1', gatewayOf(podCidr), ...addresses])];
  return openPki({ dataDir, nodeName, dnsNames: dnsNamesOf(nodeName), ips, issue, isRevoked }, signal);
}

/** A slow device that starts everything at once needs a minute and more; without certificates it serves nobody. */
const issueTimeoutMs = 10 * 60_000;

/** The programs of the certificate child: a Node, and what it runs. */
export interface CertificateChild {
  readonly runChild: RunChild;
  readonly nodeProgram: string;
  readonly certificatesProgram: string;
}

/** Certificates are made by a child process that ends: the library would cost the daemon 24 MB (design D7). */
export function issueInChild(child: CertificateChild): IssueCertificates {
  return (input, signal) => ask<IssueOutput>(child, input, signal);
}

/** Signs for the keys of others, in the same child. */
export function signInChild(child: CertificateChild): SignRequest {
  return (input, signal) => ask<SignOutput>(child, input, signal);
}

async function ask<Output>(
  { runChild, nodeProgram, certificatesProgram }: CertificateChild,
  input: IssueInput | SignInput,
  signal: AbortSignal,
): Promise<Output> {
  const options = { input: JSON.stringify(input), timeoutMs: issueTimeoutMs };
  const result = await runChild(nodeProgram, [certificatesProgram], signal, options);
  if (result.exitCode !== 0) {
    throw new StatusError('InternalError', `certificates cannot be made: ${result.stderr.trim().slice(-500)}`);
  }
  return JSON.parse(result.stdout) as Output;
}
