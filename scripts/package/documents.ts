/** What stands in /usr/share/doc of a package: its licences and its changelog. */
import { gzip, maintainer } from './deb.ts';

export interface ChangelogEntry {
  readonly package: string;
  readonly version: string;
  readonly changes: readonly string[];
  readonly epochSeconds: number;
}

/** In Debian's form (Policy, section 4.4), compressed. */
export function packedChangelog(entry: ChangelogEntry): Uint8Array {
  const date = new Date(entry.epochSeconds * 1_000).toUTCString().replace('GMT', '+0000');
  const changes = entry.changes.map((change) =>
    wrap(change, 76).map((line, index) => `${index ? '    ' : '  * '}${line}\n`),
  );
  return gzip(
    `${entry.package} (${entry.version}) unstable; urgency=medium\n\n${changes.flat().join('')}\n -- ${maintainer}  ${date}\n`,
  );
}

/** The points of the newest section of a changelog in Markdown. */
export function newestChanges(markdown: string): string[] {
  const [, section = ''] = markdown.split(/^## .*\n/m);
  return section
    .split(/^\* /m)
    .slice(1)
    .map((point) => point.replaceAll(/\s+/g, ' ').trim());
}

/** The copyright file: ours, then every licence of what else is inside. */
export function copyrightFile(others: string): string {
  return `Eliot, a lightweight Kubernetes-like system for IoT devices

Copyright 2026 The Eliot developers

Licensed under the Apache License, Version 2.0. On Debian systems the full text
is in /usr/share/common-licenses/Apache-2.0.

This package also holds programs of others, under these licences:

${'-'.repeat(80)}

${others.trim()}
`;
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const line = lines.at(-1);
    if (line === undefined || line.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${line} ${word}`;
  }
  return lines;
}
