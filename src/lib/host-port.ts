/** `10.0.0.2:80`, `[fd00::2]:80`: host and port as URLs and messages have them. */
export function hostPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
