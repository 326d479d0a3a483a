/**
 * Writes `docs/reference/`: what can be looked up instead of explained, made from the code itself.
 * `test/reference.test.ts` fails when the committed pages say something else.
 *
 *   node scripts/reference.ts
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { apiPage } from './reference/api-page.ts';
import { eliPage } from './reference/eli-page.ts';
import { eliotdPage } from './reference/eliotd-page.ts';

/** Every page by its path in the repository. */
export function referencePages(): ReadonlyMap<string, string> {
  return new Map([
    ['docs/reference/eliotd.md', eliotdPage()],
    ['docs/reference/eli.md', eliPage()],
    ['docs/reference/api.md', apiPage()],
  ]);
}

if (import.meta.main) {
  for (const [path, text] of referencePages()) {
    const file = join(import.meta.dirname, '..', path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
}
