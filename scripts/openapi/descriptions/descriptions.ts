/** The form of the tables in this folder. */

/** By type, without `io.k8s.api.` or `io.k8s.apimachinery.pkg.apis.`, and by field. */
export type Descriptions = Readonly<Record<string, Readonly<Record<string, string>>>>;
