/**
 * What the language has by now and Node 20 has not. eli's npm package runs with the user's Node, and that of Debian 13 and
 * of today's Raspberry Pi OS is a 20; eliotd and the Debian packages bring their own.
 */

/** Adds `Promise.withResolvers` (ECMAScript 2024) to this process where it is missing. */
export function addMissingBuiltins(promise: PromiseConstructor = Promise): void {
  promise.withResolvers ??= <T>() => {
    let resolve: PromiseWithResolvers<T>['resolve'] = () => {};
    let reject: PromiseWithResolvers<T>['reject'] = () => {};
    const created = new promise<T>((onResolve, onReject) => {
      resolve = onResolve;
      reject = onReject;
    });
    return { promise: created, resolve, reject };
  };
}
