/** How much an ended container did not read, when some of it may have been lost on the way to it. Pure. */
import { carriedInputBytes, type UnreadInput } from '../../runtime/runtime.ts';

/**
 * The first bytes that were not read are known, and so is the text they are part of: their place tells how many there were in
 * all. Where they stand in several places, the nearest counts when nothing was lost, likely; else the farthest, so that nothing is lost.
 *
 * @param text what was written last, up to its very end
 */
export function countUnreadBytes({ count, wasFull, first }: UnreadInput, text: Buffer): number {
  const nearest = text.length - count;
  if (!wasFull && nearest >= 0 && text.subarray(nearest, nearest + first.length).equals(first)) return count;
  const farthest = Math.max(0, nearest - carriedInputBytes);
  const found = text.indexOf(first, farthest);
  return text.length - (found >= 0 && found <= nearest ? found : farthest);
}
