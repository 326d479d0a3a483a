/** Rules for the ports of containers. */
import { checkPortName } from '../../../names.ts';
import { duplicateValue } from '../../../schema/field-error.ts';
import type { FieldError } from '../../../schema/kind.ts';
import { checkIpAddress, checkPortNumber, complaints } from '../../common/checks.ts';
import type { Container, ContainerPort } from '../types.ts';

export function validatePorts(ports: readonly ContainerPort[], path: string): FieldError[] {
  const names = new Set<string>();
  return ports.flatMap(({ name = '', containerPort, hostPort = 0, hostIP = '' }, index) => {
    const at = `${path}[${index}]`;
    const isRepeated = name !== '' && names.has(name);
    names.add(name);
    return [
      ...(name === '' ? [] : complaints(`${at}.name`, name, checkPortName(name))),
      ...(isRepeated ? [duplicateValue(`${at}.name`, name)] : []),
      ...(containerPort === undefined
        ? []
        : complaints(`${at}.containerPort`, containerPort, checkPortNumber(containerPort))),
      ...(hostPort === 0 ? [] : complaints(`${at}.hostPort`, hostPort, checkPortNumber(hostPort))),
      ...(hostIP === '' ? [] : complaints(`${at}.hostIP`, hostIP, checkIpAddress(hostIP))),
    ];
  });
}

/** A port of the device leads to one container only. `path` is that of the list. */
export function validateHostPorts(containers: readonly Container[], path: string): FieldError[] {
  const taken = new Set<string>();
  return containers.flatMap(({ ports = [] }, i) =>
    ports.flatMap(({ protocol, hostIP = '', hostPort = 0 }, j) => {
      if (hostPort === 0) return [];
      const identity = `${protocol}/${hostIP}/${hostPort}`;
      if (taken.has(identity)) return [duplicateValue(`${path}[${i}].ports[${j}].hostPort`, identity)];
      taken.add(identity);
      return [];
    }),
  );
}
