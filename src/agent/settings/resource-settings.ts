/**
 * Settings about the resources of the device, with KubeletConfiguration's names and defaults: what is kept back from pods,
 * and when pods are evicted.
 */
import * as v from 'valibot';
import { amountOf } from '../../api/kinds/pod/requests.ts';
import { parseQuantityParts } from '../../api/quantity-parts.ts';
import type { SignalName } from '../../host/node-signals.ts';

/** What can run short, in the kubelet's words. */
const evictionSignals = [
  'memory.available',
  'nodefs.available',
  'nodefs.inodesFree',
  'imagefs.available',
  'imagefs.inodesFree',
  'pid.available',
] as const satisfies readonly SignalName[];

/** An amount (bytes, inodes or processes), or a share of the whole between 0 and 1. */
export type Threshold = { readonly amount: number } | { readonly share: number };
export type Thresholds = Readonly<Partial<Record<SignalName, Threshold>>>;

const reservable = ['cpu', 'memory', 'ephemeral-storage', 'pid'] as const;

const signal = v.picklist(evictionSignals, `must be one of ${evictionSignals.join(', ')}`);

const isQuantity = (text: string): boolean => {
  const parts = parseQuantityParts(text);
  return !('problem' in parts) && parts.nanos >= 0n;
};
const quantityText = v.pipe(v.string(), v.check(isQuantity, 'must be a quantity such as 100m or 64Mi'));

const isPercentage = (text: string): boolean => /^\d{1,3}(\.\d+)?%$/.test(text) && Number.parseFloat(text) <= 100;

const thresholdText = v.pipe(
  v.string(),
  v.check(
    (text) => isPercentage(text) || isQuantity(text),
    'must be a quantity such as 100Mi, or a percentage such as 10%',
  ),
  v.transform(
    (text): Threshold =>
      isPercentage(text) ? { share: Number.parseFloat(text) / 100 } : { amount: amountOf('bytes', text) },
  ),
);

/** By signal, the least that must be left. */
export const thresholds = v.pipe(
  v.record(signal, thresholdText),
  v.title('mapping of signal to quantity or percentage'),
);

/** A mapping of signals to durations; `duration` reads one. */
export function gracePeriods<D extends v.GenericSchema<string, number>>(duration: D) {
  return v.pipe(v.record(signal, duration), v.title('mapping of signal to duration'));
}

/** Amounts kept back from pods; `cpu` in thousandths. Short of anything that is given, nothing is. */
export const reserved = v.pipe(
  v.record(
    v.picklist(reservable, `must be one of ${reservable.join(', ')}`),
    v.pipe(v.union([v.number(), v.string()]), v.transform(String), quantityText),
  ),
  v.title('mapping of resource to quantity'),
  v.transform(
    (amounts): Readonly<Record<string, number>> =>
      Object.fromEntries(Object.entries(amounts).map(([name, text]) => [name, amountOf(name, text ?? '0')])),
  ),
);

/**
 * Of memory the kubelet's own default; of disk a smaller share, as k3s has: the disk of a device is seldom its own alone, and
 * its only app must not go for an eighth of it that is free.
 */
export const defaultEvictionHard = {
  'memory.available': '100Mi',
  'nodefs.available': '5%',
  'nodefs.inodesFree': '5%',
  'imagefs.available': '5%',
  'imagefs.inodesFree': '5%',
} as const;
