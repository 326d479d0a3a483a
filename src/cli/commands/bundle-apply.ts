/**
 * `eli bundle apply`: hands a bundle to the device, and waits until it runs.
 *
 * The device is asked first what it thinks of it, by its documents alone; then only what it lacks of the layers is sent. So a bundle
 * that is refused costs nothing, and one whose sending broke off goes on where it was.
 */
import { Readable } from 'node:stream';
import type { BundleDocuments } from '../../api/bundle/bundle-documents.ts';
import type { Bundle } from '../../api/kinds/bundle.ts';
import { bundles } from '../../api/resources.ts';
import { computeBundleOutcome } from '../bundle/bundle-outcome.ts';
import { neededArchive } from '../bundle/needed-archive.ts';
import { readBundleDocuments } from '../bundle/open-bundle.ts';
import { type SendAgainOptions, sendAgain } from '../bundle/send-again.ts';
import type { CommandContext } from '../context.ts';
import { parseDuration } from '../duration.ts';
import type { Activity } from '../terminal/activity.ts';
import { countBytes } from '../terminal/transfer.ts';
import { UsageError } from '../usage-error.ts';
import { followObject, within } from './follow-object.ts';

export interface BundleApplyFlags {
  /** Also a version that is older, or that failed on the device. */
  readonly force?: boolean;
  /** False: do not wait until it runs. */
  readonly wait?: boolean;
  readonly timeout?: string;
  /** Only ask the device what it thinks of it. */
  readonly dryRun?: boolean;
}

const path = '/apis/eliot.run/v1alpha1/bundles';
/** A slow card takes minutes to write what has been sent, and says nothing meanwhile. */
const answerTimeoutMs = 15 * 60_000;

/** Exit code 1 when the version did not become ready, and was taken back. */
export async function runBundleApply(file: string, flags: BundleApplyFlags, context: CommandContext): Promise<number> {
  const timeoutMs = flags.timeout === undefined ? 0 : parseDuration(flags.timeout, '--timeout');
  const documents = await readBundleDocuments(file, context);
  const what = `bundle ${documents.index.name}:${documents.index.version}`;
  const applied = await context.terminal.during(`Offering ${what}`, (activity) =>
    sendWhole(file, documents, flags, activity, context),
  );
  if (flags.dryRun) {
    const missing = applied.status.missingLayers?.length ?? 0;
    await context.print(
      `${what} would be applied; ${missing} of ${documents.layers.size} layers would be sent (dry run)\n`,
    );
    return 0;
  }
  if (flags.wait === false) {
    await context.print(`${what} is being applied\n`);
    return 0;
  }
  return await context.terminal.during(`Applying ${what}`, (activity) =>
    within(timeoutMs, `${what} is not ready after ${flags.timeout}; the device goes on with it`, context, (signal) =>
      sendAgain(
        (_, onProgress) => waitUntilReady(what, documents, { activity, onProgress }, context, signal),
        retryOptions(context),
        signal,
      ),
    ),
  );
}

/** A connection that breaks costs what was on its way. */
function sendWhole(
  file: string,
  documents: BundleDocuments,
  flags: BundleApplyFlags,
  activity: Activity,
  context: CommandContext,
): Promise<Bundle> {
  const once = (onMissing: (bytes: number) => void): Promise<Bundle> =>
    send(file, documents, flags, { activity, onMissing }, context);
  return sendAgain(once, retryOptions(context), context.signal);
}

function retryOptions(context: CommandContext): SendAgainOptions {
  return {
    clock: context.io.clock,
    note: (text) => context.note(text),
    beforeRetry: async () => (await context.session()).rest.transport.closeIdle(),
  };
}

async function send(
  file: string,
  documents: BundleDocuments,
  { force = false, dryRun = false }: BundleApplyFlags,
  { activity, onMissing }: { readonly activity: Activity; readonly onMissing: (bytes: number) => void },
  context: CommandContext,
): Promise<Bundle> {
  const open = (): Readable => context.io.files.openFile(file);
  const offered = await post(
    neededArchive(documents, new Map(), open).read(),
    { dryRun: 'All', ...forced(force) },
    context,
  );
  // Without a word of missing layers the device runs just this one already.
  const { missingLayers, begunLayers = [] } = offered.status;
  if (dryRun || (offered.spec.digest === documents.digest && missingLayers === undefined)) return offered;
  const begun = new Map(begunLayers.map(({ digest, bytes }) => [digest, bytes]));
  const needed = neededArchive(documents, new Map(missingLayers?.map((each) => [each, begun.get(each) ?? 0])), open);
  onMissing(needed.sizeBytes);
  const text = `Sending ${file}`;
  const stream = countBytes(Readable.from(needed.read(), { objectMode: false }), (doneBytes) =>
    activity.showBytes(text, doneBytes, needed.sizeBytes),
  ).once('end', () => activity.show(`Sent ${file}, the device writes it to disk`));
  try {
    return await post(stream, forced(force), context);
  } catch (error) {
    if (stream.errored === null || error !== stream.errored) throw error;
    throw new UsageError(`cannot read ${file}: ${stream.errored.message}`);
  }
}

function forced(force: boolean): Readonly<Record<string, string>> {
  return force ? { force: 'true' } : {};
}

async function post(
  content: AsyncIterable<Uint8Array>,
  query: Readonly<Record<string, string>>,
  context: CommandContext,
): Promise<Bundle> {
  const { rest } = await context.session();
  return await rest.json<Bundle>({
    method: 'POST',
    path,
    query,
    contentType: 'application/x-tar',
    stream: content instanceof Readable ? content : Readable.from(content, { objectMode: false }),
    signal: context.signal,
    answerTimeoutMs,
  });
}

async function waitUntilReady(
  what: string,
  { index, digest }: BundleDocuments,
  { activity, onProgress }: { readonly activity: Activity; readonly onProgress: () => void },
  context: CommandContext,
  signal: AbortSignal,
): Promise<number> {
  const name = { kind: bundles, namespace: undefined, name: index.name };
  for await (const object of followObject(name, context, signal)) {
    onProgress();
    if (object === undefined) throw new UsageError(`${what} was removed meanwhile`);
    const outcome = computeBundleOutcome(object as unknown as Bundle, digest);
    switch (outcome.state) {
      case 'Replaced':
        throw new UsageError(`another version was applied meanwhile: ${outcome.version}`);
      case 'Failed':
        context.note(`error: ${what}${outcome.message}`);
        return 1;
      case 'Ready':
        await context.print(`${what} is ready\n`);
        return 0;
      case 'Waiting':
        activity.show(`Applying ${what}${outcome.message ? `: ${outcome.message}` : ''}`);
    }
  }
  return 1;
}
