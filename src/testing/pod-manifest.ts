/** Pods for tests, as a user would write them. */
import { podKind } from '../api/kinds/pod/pod.ts';
import type { Pod } from '../api/kinds/pod/types.ts';
import { admitObject } from './admit-object.ts';

type Manifest = Readonly<Record<string, unknown>>;

/** A pod `default/web` with one container `app`; `spec` and `container` add to it or replace parts of it. */
export function podManifest(spec: Manifest = {}, container: Manifest = {}): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'default' },
    spec: { containers: [{ name: 'app', image: 'nginx:1.27', ...container }], ...spec },
  };
}

/** The pod as the API server would store it. */
export function admittedPod(spec: Manifest = {}, container: Manifest = {}): Pod {
  return admitObject(podKind, podManifest(spec, container)).object;
}

/** What the API server would refuse it for: `path: message`. */
export function podErrors(spec: Manifest = {}, container: Manifest = {}): readonly string[] {
  return admitObject(podKind, podManifest(spec, container)).errors;
}

/** As `podErrors`, for the one container alone; paths are relative to it. */
export function containerErrors(container: Manifest, spec: Manifest = {}): readonly string[] {
  return podErrors(spec, container).map((error) => error.replace(/^spec\.containers\[0\]\./, ''));
}
