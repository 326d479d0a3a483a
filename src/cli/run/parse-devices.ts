/** What `--device` asks for: a resource of the device by its name, or a file below /dev. Pure. */
import { UsageError } from '../usage-error.ts';
import { type OfferedDevices, resourceOf } from './offered-devices.ts';

export interface DeviceNodePath {
  readonly source: string;
  readonly destination: string;
}

export interface AskedDevices {
  /** Quantities by the name of the resource. */
  readonly resources: Readonly<Record<string, string>>;
  readonly nodes: readonly DeviceNodePath[];
}

/** Domain of the devices that eliotd offers. */
const domain = 'eliot.run';

/**
 * Reads `serial`, `serial=2` and `example.com/camera` as resources, `/dev/x[:/dev/y[:rwm]]` as files; a file that the device
 * offers is one of that resource, whichever of its files the container then gets.
 *
 * @param offered what the device offers
 * @throws UsageError
 */
export function parseDevices(texts: readonly string[], offered: OfferedDevices = {}): AskedDevices {
  const resources: Record<string, string> = {};
  const nodes: DeviceNodePath[] = [];
  for (const text of texts) {
    if (text.startsWith('/')) {
      const node = parseNode(text);
      // A device keeps its path in the container; under another name only the file itself will do.
      const resource = node.source === node.destination ? resourceOf(node.source, offered) : undefined;
      if (resource === undefined) nodes.push(node);
      else resources[resource] = String(Number(resources[resource] ?? 0) + 1);
      continue;
    }
    const [name = '', count = '1', ...rest] = text.split('=');
    if (name === '' || !/^[1-9]\d*$/.test(count) || rest.length > 0) {
      throw new UsageError(
        `invalid --device "${text}"`,
        'written as NAME or NAME=COUNT, for example serial, or /dev/ttyUSB0',
      );
    }
    resources[name.includes('/') ? name : `${domain}/${name}`] = count;
  }
  return { resources, nodes };
}

function parseNode(text: string): DeviceNodePath {
  const [source = '', destination = source, permissions = 'rwm', ...rest] = text.split(':');
  if (rest.length > 0 || !destination.startsWith('/') || !/^[rwm]+$/.test(permissions)) {
    throw new UsageError(`invalid --device "${text}"`, 'written as /dev/NAME[:/dev/NAME-IN-THE-CONTAINER]');
  }
  return { source, destination };
}
