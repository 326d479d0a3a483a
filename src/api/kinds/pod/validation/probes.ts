/** Rules for probes and lifecycle hooks: exactly one handler each, and sensible numbers. */
import { checkPortName } from '../../../names.ts';
import { forbidden, invalidValue, requiredValue } from '../../../schema/field-error.ts';
import type { FieldError } from '../../../schema/kind.ts';
import { checkHttpHeaderName, checkNonNegative, checkPortNumber, complaints } from '../../common/checks.ts';
import type { Lifecycle, LifecycleHandler, Probe } from '../types.ts';

export function validateLivenessProbe(probe: Probe | undefined, path: string): FieldError[] {
  return probe === undefined ? [] : [...validateProbe(probe, path), ...validateOneSuccess(probe, path)];
}

export function validateStartupProbe(probe: Probe | undefined, path: string): FieldError[] {
  return validateLivenessProbe(probe, path);
}

export function validateReadinessProbe(probe: Probe | undefined, path: string): FieldError[] {
  if (probe === undefined) return [];
  const { terminationGracePeriodSeconds: grace } = probe;
  return [
    ...validateProbe(probe, path),
    ...(grace === undefined
      ? []
      : [invalidValue(`${path}.terminationGracePeriodSeconds`, grace, 'must not be set for readinessProbes')]),
  ];
}

/** @param graceSeconds the pod's grace period: a hook may not sleep longer */
export function validateLifecycle(
  lifecycle: Lifecycle | undefined,
  graceSeconds: number | undefined,
  path: string,
): FieldError[] {
  return (['postStart', 'preStop'] as const).flatMap((hook) => {
    const handler = lifecycle?.[hook];
    return handler === undefined ? [] : validateHandler(handler, graceSeconds, `${path}.${hook}`);
  });
}

function validateProbe(probe: Probe, path: string): FieldError[] {
  const { terminationGracePeriodSeconds: grace } = probe;
  const numbers = [
    'initialDelaySeconds',
    'timeoutSeconds',
    'periodSeconds',
    'successThreshold',
    'failureThreshold',
  ] as const;
  return [
    ...validateHandler(probe, undefined, path),
    ...numbers.flatMap((key) => complaints(`${path}.${key}`, probe[key], checkNonNegative(probe[key] ?? 0))),
    ...(grace !== undefined && grace <= 0
      ? [invalidValue(`${path}.terminationGracePeriodSeconds`, grace, 'must be greater than 0')]
      : []),
  ];
}

/** A container that was found dead or started once needs no second success. */
function validateOneSuccess({ successThreshold = 1 }: Probe, path: string): FieldError[] {
  return successThreshold === 1 ? [] : [invalidValue(`${path}.successThreshold`, successThreshold, 'must be 1')];
}

type Handler = Pick<Probe, 'exec' | 'httpGet' | 'tcpSocket' | 'grpc'> & Pick<LifecycleHandler, 'sleep'>;

/** The first handler is checked; every further one is too many. */
function validateHandler(handler: Handler, graceSeconds: number | undefined, path: string): FieldError[] {
  const [first, ...others] = (['exec', 'httpGet', 'tcpSocket', 'grpc', 'sleep'] as const).filter(
    (kind) => handler[kind] !== undefined,
  );
  if (first === undefined) return [requiredValue(path, 'must specify a handler type')];
  return [
    ...validateAction(handler, first, graceSeconds, `${path}.${first}`),
    ...others.map((kind) => forbidden(`${path}.${kind}`, 'may not specify more than 1 handler type')),
  ];
}

function validateAction(
  { exec, httpGet, tcpSocket, grpc, sleep }: Handler,
  kind: keyof Handler,
  graceSeconds: number | undefined,
  path: string,
): FieldError[] {
  switch (kind) {
    case 'exec':
      return (exec?.command ?? []).length === 0 ? [requiredValue(`${path}.command`)] : [];
    case 'httpGet':
      return [
        ...validatePort(httpGet?.port, `${path}.port`),
        ...(httpGet?.httpHeaders ?? []).flatMap(({ name = '' }) =>
          name === '' ? [] : complaints(`${path}.httpHeaders`, name, checkHttpHeaderName(name)),
        ),
      ];
    case 'tcpSocket':
      return validatePort(tcpSocket?.port, `${path}.port`);
    case 'grpc':
      return validatePort(grpc?.port, `${path}.port`);
    case 'sleep':
      return validateSleep(sleep?.seconds ?? 0, graceSeconds, path);
  }
}

/** A number, or the name of a port of the container. An absent port is reported by the field table. */
function validatePort(port: number | string | undefined, path: string): FieldError[] {
  if (port === undefined || port === '') return [];
  return complaints(path, port, typeof port === 'number' ? checkPortNumber(port) : checkPortName(port));
}

function validateSleep(seconds: number, graceSeconds: number | undefined, path: string): FieldError[] {
  if (graceSeconds === undefined || (seconds >= 0 && seconds <= graceSeconds)) return [];
  const words = `must be non-negative and less than terminationGracePeriodSeconds (${graceSeconds})`;
  return [invalidValue(path, seconds, words)];
}
