/** Gives a name to content that is in the store. */
import type { Descriptor } from '../../../api/oci-documents.ts';
import { isStatusError } from '../../../lib/status-error.ts';
import type { GrpcClient } from '../grpc/client.ts';
import { imageService } from '../methods.ts';

/** On the name of an image that came from an archive; a later pull of that name takes it away. */
export const sideLoadedLabel = 'run.eliot/side-loaded';

/** An older image of the same name is replaced. @param name full */
export async function nameImage(
  grpc: GrpcClient,
  name: string,
  descriptor: Descriptor,
  signal: AbortSignal,
): Promise<void> {
  const target = {
    mediaType: descriptor.mediaType,
    digest: descriptor.digest,
    size: BigInt(descriptor.size),
    annotations: descriptor.annotations,
  };
  const image = { name, target, labels: { 'io.cri-containerd.image': 'managed', [sideLoadedLabel]: 'true' } };
  try {
    await grpc.unary(imageService.create, { image }, { signal });
  } catch (error) {
    if (!isStatusError(error, 'AlreadyExists')) throw error;
    // Labels too: marks of the old content must not vouch for the new one.
    await grpc.unary(imageService.update, { image, updateMask: { paths: ['target', 'labels'] } }, { signal });
  }
}
