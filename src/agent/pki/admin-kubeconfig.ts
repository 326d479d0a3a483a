import type { IssuedCertificate } from './certificate-request.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/**
 * A kubeconfig with everything inline, so that the one file can be copied to a laptop.
 *
 * @param server `https://HOST:PORT`
 * @param caCert PEM of the device's CA, pinned by the file
 */
export function adminKubeconfig(server: string, caCert: string, client: IssuedCertificate): string {
  return `apiVersion: v1
kind: Config
clusters:
- name: eliot
  cluster:
    server: ${server}
    certificate-authority-data: ${base64(caCert)}
users:
- name: eliot-admin
  user:
    client-certificate-data: ${base64(client.cert)}
    client-key-data: ${base64(client.key)}
contexts:
- name: eliot
  context:
    cluster: eliot
    user: eliot-admin
current-context: eliot
`;
}
