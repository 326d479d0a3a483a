/** The version that this program was built as. */

/** Put in by the bundler; absent when the sources run as they are. */
declare const ELIOT_VERSION: string | undefined;
declare const ELIOT_BUILT_AT_MS: number | undefined;
declare const ELIOT_COMMIT: string | undefined;

/** For example `0.1.0`; `0.0.0-dev` when not built. */
export const version: string = typeof ELIOT_VERSION === 'string' ? ELIOT_VERSION : '0.0.0-dev';

/** The Kubernetes version whose API is served; kubectl warns when it is too far from its own. */
export const kubernetesVersion = '1.35.0';

/** The commit that it was built from; `unknown` when that was not in a repository. */
export const commit: string = typeof ELIOT_COMMIT === 'string' ? ELIOT_COMMIT : 'unknown';

/** When it was built, in milliseconds since 1970: the clock of a device that says less is wrong. */
export const builtAtMs: number = typeof ELIOT_BUILT_AT_MS === 'number' ? ELIOT_BUILT_AT_MS : Date.UTC(2026, 0, 1);

/** For example `1.35`, as Kubernetes' programs name themselves in requests. */
export const kubernetesMinorVersion: string = kubernetesVersion.split('.').slice(0, 2).join('.');
