/** All pieces as one buffer. Bounded by whoever made the source. */
export async function collectPieces(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  // Array.fromAsync is missing in Node 20, with which eli may run.
  const pieces: Uint8Array[] = [];
  for await (const piece of source) pieces.push(piece);
  return Buffer.concat(pieces);
}
