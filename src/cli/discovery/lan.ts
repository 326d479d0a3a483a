/** The network as `eli` sees it; injected, so that tests have one in memory. */
import type { Interfaces } from '../../lib/mdns/links.ts';
import type { MulticastOptions, MulticastPort } from '../../lib/mdns/multicast-port.ts';

export interface LanAccess {
  /** Those that are up. */
  interfaces(): Promise<Interfaces>;
  openSockets(options: MulticastOptions): Promise<MulticastPort>;
}
