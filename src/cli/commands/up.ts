/** `eli up`: a project that is worked on here runs on the device, and follows each saved file. */
import type { Pod } from '../../api/kinds/pod/types.ts';
import { pods } from '../../api/resources.ts';
import type { CommandContext } from '../context.ts';
import { eliotFileName } from '../project/eliot-file-name.ts';
import { newEliotFile } from '../project/new-eliot-file.ts';
import { builtinResource } from '../resources/builtin-resources.ts';
import { fieldManager } from '../up/claim-pod.ts';
import { planUp } from '../up/plan-up.ts';
import { type ReadSettings, readSettings } from '../up/read-settings.ts';
import type { UpFlags } from '../up/up-flags.ts';
import { UpReport } from '../up/up-report.ts';
import { runUpSession } from '../up/up-session.ts';
import { UsageError } from '../usage-error.ts';
import { createWritePrinter, parseDryRun } from './write-result.ts';

/** Runs until Ctrl-C, or until somebody ends the pod; resolves with the exit code. */
export async function runUp(command: readonly string[], flags: UpFlags, context: CommandContext): Promise<number> {
  const read = await readSettings(command, flags, context);
  if (flags.init) return await writeEliotFile(read, context);
  const plan = await planUp(read, flags, context);
  const dryRun = parseDryRun(flags.dryRun);
  if (dryRun !== 'none') {
    const { client } = await context.session();
    const print = createWritePrinter(context, dryRun);
    const options = { fieldManager, dryRun: true };
    const pod = dryRun === 'server' ? await client.create<Pod>(pods, plan.pod, options, context.signal) : plan.pod;
    await print(builtinResource('pods'), pod, 'created');
    return 0;
  }
  const report = new UpReport(context, plan.pod.metadata.name ?? '');
  tellDetected(read, report);
  const { startSync } = await import('../sync/sync-session.ts');
  return await runUpSession(plan, { report, startSync }, context);
}

function tellDetected({ detected, settings: { image, command = [] } }: ReadSettings, report: UpReport): void {
  if (detected === undefined) return;
  const program = command.length === 0 ? '' : `, runs ${command.join(' ')}`;
  report.tell('info', `a ${detected.kind} project (${detected.because}): image ${image}${program}`);
}

/** Never over one that is there: somebody wrote it. */
async function writeEliotFile(
  { directory, settings, detected, hasFile }: ReadSettings,
  context: CommandContext,
): Promise<number> {
  const path = `${directory}/${eliotFileName}`;
  if (hasFile) throw new UsageError(`${path} is there already`, 'change it with an editor, or remove it first');
  const because = detected === undefined ? 'the image that was named' : `${detected.because} (${detected.kind})`;
  if (settings.image === undefined) {
    throw new UsageError(
      `nobody can tell which image runs ${directory}`,
      'name it: eli up --init --image IMAGE -- COMMAND',
    );
  }
  await context.io.files.writeFile(path, newEliotFile(settings, because), 0o644);
  await context.print(`${path} written\n`);
  return 0;
}
