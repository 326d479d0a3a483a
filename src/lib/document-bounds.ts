/**
 * How large a document may be once it is read, whatever it was written in: a body of 3 MiB can hold a million
 * empty lists, which need a hundred times their bytes of memory.
 */

/** Kubernetes allows 10,000; no object comes near 100, and the stack must bear every walk over it. */
export const maxDocumentDepth = 1_000;

/** Objects, lists and scalars together. A config map full to its 1 MiB with entries of ten bytes comes to this. */
export const maxDocumentValues = 100_000;
