/** The version that this program was built as. */

/** Put in by the bundler; absent when the sources run as they are. */
declare const ELIOT_VERSION: string | undefined;

/** For example `0.1.0`; `0.0.0-dev` when not built. */
export const version: string = typeof ELIOT_VERSION === 'string' ? ELIOT_VERSION : '0.0.0-dev';

/** The Kubernetes version whose API is served; kubectl warns when it is too far from its own. */
export const kubernetesVersion = '1.35.0';
