/** What passes between who pushes an image, eliotd and its child (docs/adr/0046). */

/** An image that shall be on the device. */
export interface PushRequest {
  /** Full name, with a tag. */
  readonly image: string;
  /** The image's configuration, byte for byte, in base64: its digest is what the image is. */
  readonly configuration: string;
  /** What is known of layers that are missing; those that are left out are only said to be missing or not. */
  readonly layers: readonly LayerRequest[];
}

/** A layer that whoever pushes can send. */
export interface LayerRequest {
  /** `sha256:…` of the layer unpacked from its compression. */
  readonly diffID: string;
  /** Of the layer unpacked from its compression. */
  readonly sizeBytes: number;
  /** `sha256:…` of its recipe as it is sent, and its size. */
  readonly recipe: string;
  readonly recipeBytes: number;
}

/** One upload of a part of a layer. */
export interface LayerUpload extends LayerRequest {
  /** Full name of the image that it is for: layers of its relatives are looked through first. */
  readonly image: string;
  /** Where it stands among the image's layers. */
  readonly index: number;
  /** Where the recipe goes on. */
  readonly offset: number;
}

/** What the device has of a layer. */
export interface LayerState {
  readonly diffID: string;
  readonly state: 'Present' | 'Missing';
  /** How much of the recipe has come; 0 also when it was not said which recipe, and nothing has come by any. */
  readonly recipeBytes?: number;
  /** Steps whose chunks are to be sent (`decodeSteps`); absent until the device has looked for them in what it has. */
  readonly missing?: string;
}

/** What the device has of an image. */
export interface PushState {
  /** `sha256:…` of the configuration. */
  readonly id: string;
  /** True: the image is on the device under its name. */
  readonly complete: boolean;
  /** In the order of the configuration. */
  readonly layers: readonly LayerState[];
}

/** What the child is asked on the first line of its stdin; an upload's body follows. */
export type ChildRequest =
  | { readonly kind: 'Push'; readonly push: PushRequest; readonly world: ChildWorld }
  | { readonly kind: 'Layer'; readonly upload: LayerUpload; readonly world: ChildWorld };

/** Where things are on the device. */
export interface ChildWorld {
  /** containerd's socket. */
  readonly socketPath: string;
  /** containerd's root directory. */
  readonly root: string;
  /** Directory of layers that have come in part. */
  readonly spool: string;
  /** Architectures the device runs, in OCI's words, the preferred one first. */
  readonly architectures: readonly string[];
}

/** Its answer on stdout: what came of it, or a refusal with a reason of `StatusError`. */
export type ChildAnswer =
  | { readonly result: PushState | LayerState }
  | { readonly reason: string; readonly message: string };
