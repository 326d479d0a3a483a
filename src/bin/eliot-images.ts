/** The image child of eliotd: takes a part of an image that is pushed, from stdin, answers on stdout, ends. */
import { runImageChild } from '../agent/image-push/run-image-child.ts';

// What is left of stdin, when the answer is a refusal, must not hold us.
process.stdout.write(await runImageChild(process.stdin), () => process.exit(0));
