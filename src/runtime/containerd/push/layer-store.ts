/** The layers of the device, as a push needs them. */
import type { RecipeTable } from '../../../api/image-push/recipe.ts';
import type { Clock } from '../../../lib/clock.ts';
import type { GrpcClient } from '../grpc/client.ts';
import { openLayerLease } from './layer-lease.ts';
import { searchChunks } from './search-chunks.ts';
import { storeLayer } from './store-layer.ts';
import { findLayers, listStoredLayers } from './stored-layers.ts';
import type { WantedChunks } from './wanted-chunks.ts';

/** A look for chunks of a new layer. */
export interface ChunkSearch {
  readonly table: RecipeTable;
  readonly wanted: WantedChunks;
  /** Full name of the image that the layer is for. */
  readonly image: string;
  /** Where it stands among the layers of its image. */
  readonly index: number;
  /** Puts a chunk in its place. */
  readonly put: (step: number, data: Uint8Array) => void;
}

/** Layers by what they are without their compression. */
export interface LayerStore {
  has(diffID: string, signal: AbortSignal): Promise<boolean>;
  /** Takes what is wanted from the layers that are there. */
  search(search: ChunkSearch, signal: AbortSignal): Promise<void>;
  /**
   * Keeps a layer until an image refers to it.
   *
   * @returns false when the file is not what `diffID` says; nothing was kept then
   */
  store(path: string, diffID: string, signal: AbortSignal): Promise<boolean>;
}

/** Those in containerd's content store. */
export function createLayerStore(grpc: GrpcClient, clock: Clock): LayerStore {
  return {
    has: async (diffID, signal) => (await findLayers(grpc, [diffID], signal)).has(diffID),
    search: async (search, signal) =>
      searchChunks(grpc, search, await listStoredLayers(grpc, search.image, signal), signal),
    store: async (path, diffID, signal) => {
      const lease = await openLayerLease({ grpc, clock }, diffID, signal);
      return await storeLayer(grpc, { path, diffID, lease }, signal);
    },
  };
}
