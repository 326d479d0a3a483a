/** Which steps of a recipe a device has no chunk for, as text: a bit for each step, the lowest first, in base64. */

/** @param count of the steps of the recipe; all of `steps` are below it */
export function encodeSteps(steps: Iterable<number>, count: number): string {
  const bits = Buffer.alloc(Math.ceil(count / 8));
  for (const step of steps) bits[step >> 3] = (bits[step >> 3] ?? 0) | (1 << (step & 7));
  return bits.toString('base64');
}

/** In rising order; what is behind `count` is left out. */
export function decodeSteps(text: string, count: number): number[] {
  const bits = Buffer.from(text, 'base64');
  const steps: number[] = [];
  for (let step = 0; step < Math.min(count, bits.length * 8); step += 1) {
    if (((bits[step >> 3] ?? 0) >> (step & 7)) & 1) steps.push(step);
  }
  return steps;
}
