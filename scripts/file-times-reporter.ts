/** A reporter for node:test beside the readable one: how long each file took, the slowest first. */
interface SummaryEvent {
  readonly type: string;
  readonly data: { readonly file?: string; readonly duration_ms?: number };
}

/** Lines `SECONDS FILE`. A file's summary is the only event that tells its whole time, hooks included. */
// biome-ignore lint/style/noDefaultExport: node:test loads a reporter by its default export.
export default async function* reportFileTimes(source: AsyncIterable<SummaryEvent>): AsyncGenerator<string> {
  const times: [file: string, seconds: number][] = [];
  for await (const { type, data } of source) {
    if (type === 'test:summary' && data.file !== undefined) times.push([data.file, (data.duration_ms ?? 0) / 1000]);
  }
  times.sort((a, b) => b[1] - a[1]);
  for (const [file, seconds] of times) yield `${seconds.toFixed(1).padStart(7)} ${file}\n`;
}
