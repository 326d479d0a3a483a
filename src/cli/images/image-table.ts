/** Images as docker shows them: what they are called, what they are, how large. Pure. */
import { parseImageReference } from '../../api/image-reference.ts';
import type { Image } from '../../api/kinds/image.ts';
import { humanSize } from '../../lib/human-size.ts';
import type { Table, TableColumn, TableRow } from '../printers/table.ts';

const column = (name: string, priority = 0): TableColumn => ({ name, type: 'string', priority });

const columns: readonly TableColumn[] = [
  column('Repository'),
  column('Tag'),
  column('Image ID'),
  column('Size'),
  column('Status'),
  column('Used By'),
  column('Origin', 1),
  column('Digest', 1),
];

/** @param isWide every user of an image, not the first and how many there are */
export function imageTable(images: readonly Image[], isWide: boolean): Table {
  return { kind: 'Table', columnDefinitions: columns, rows: images.map((image) => rowOf(image, isWide)) };
}

function rowOf({ spec, status }: Image, isWide: boolean): TableRow {
  const { domain, path, tag, digest } = parseImageReference(spec.image);
  const repository = `${domain}/${path}`;
  const known = status.digests?.find((name) => name.startsWith(`${repository}@`))?.split('@')[1];
  return {
    cells: [
      repository,
      tag ?? '<none>',
      status.id?.replace('sha256:', '').slice(0, 12) ?? '<none>',
      status.sizeBytes === undefined ? '<unknown>' : humanSize(status.sizeBytes),
      status.state ?? 'Unknown',
      usersOf(status, isWide),
      status.pinned ? 'eliot' : status.sideLoaded ? 'archive' : 'registry',
      digest ?? known ?? '<none>',
    ],
  };
}

function usersOf({ usedBy = [] }: Image['status'], isWide: boolean): string {
  const [first, ...others] = usedBy;
  if (first === undefined) return '<none>';
  if (isWide) return usedBy.join(',');
  return others.length === 0 ? first : `${first} and ${others.length} more`;
}
