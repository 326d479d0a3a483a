/** The port by which images are pushed in parts (docs/adr/0046). The agent implements it. */
import type { LayerState, LayerUpload, PushRequest, PushState } from '../api/image-push/exchange.ts';

export interface ImagePushes {
  /**
   * Says which layers of an image are missing, and with none missing gives it its name: then it would outlive a power cut.
   *
   * @throws StatusError `Invalid` for a configuration that is none, or for another architecture; `InsufficientStorage`
   */
  push(request: PushRequest, signal: AbortSignal): Promise<PushState>;
  /**
   * Takes a part of a layer; what came whole stays, however the body ends.
   *
   * @param body frames, as they come
   * @throws StatusError `BadRequest` or `Invalid` for what does not belong there, `Conflict` when the recipe goes on
   *   elsewhere, `Timeout` when nothing comes for long, `InsufficientStorage`
   */
  takeLayer(upload: LayerUpload, body: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<LayerState>;
}
