import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Image, ImageStatus } from '../../api/kinds/image.ts';
import { viewPull } from './pull-view.ts';

const layers = [{ digest: 'sha256:0123456789abcdef', sizeBytes: 30, doneBytes: 12 }];
const bars = [{ name: '0123456789ab', doneBytes: 12, totalBytes: 30 }];

describe('a pull for people', () => {
  for (const { what, status, view } of [
    { what: 'that has not begun', status: undefined, view: { text: 'Pulling web:1', bars: [] } },
    { what: 'of an image that is there', status: { state: 'Present' }, view: { text: 'Pulling web:1', bars: [] } },
    { what: 'under way', status: { state: 'Pulling', layers }, view: { text: 'Pulling web:1', bars } },
    { what: 'that is downloaded', status: { state: 'Unpacking', layers }, view: { text: 'Unpacking web:1', bars } },
  ] as { what: string; status: ImageStatus | undefined; view: unknown }[]) {
    it(what, () => {
      const image = status === undefined ? undefined : ({ spec: { image: 'web:1' }, status } as Image);
      assert.deepEqual(viewPull('web:1', image), view);
    });
  }
});
