/** What a device says about itself on its Node, beyond Kubernetes' words. */

/**
 * Device nodes that pods may ask for, as JSON: by resource, the patterns of their paths, for example
 * `{"eliot.run/serial":["/dev/ttyUSB*"]}`. Changes with the settings only, not with what is plugged in.
 */
export const offeredDevicesAnnotation = 'eliot.run/devices';

/** How the device is to be called from its next start on; whoever renames it writes this. */
export const nodeNameAnnotation = 'eliot.run/node-name';

/** Written by the device: `setting` when its name is set on it and cannot be changed from outside, else `device`. */
export const nodeNameSourceAnnotation = 'eliot.run/node-name-source';
