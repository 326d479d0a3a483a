/** How large a bundle is that holds all of its layers. */
import { tarSize } from '../../lib/tar/write-tar.ts';
import type { BundleDocuments } from './bundle-documents.ts';
import { layoutData } from './read-bundle.ts';

/** Bytes of its file, known by its documents alone. */
export function bundleSize({ indexData, signatureData, data, layers }: BundleDocuments): number {
  const sizes = [
    layoutData.length,
    indexData.length,
    ...(signatureData === undefined ? [] : [signatureData.length]),
    ...[...data.values()].map(({ length }) => length),
    ...[...layers.values()].map(({ size }) => size),
  ];
  return tarSize(sizes.map((sizeBytes) => ({ sizeBytes })));
}
