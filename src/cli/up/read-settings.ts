/** What is asked of `eli up`: what the project looks like, what `.eliot.yml` says, what the flags say. */
import { isAbsolute, resolve } from 'node:path';
import type { CommandContext } from '../context.ts';
import { parseBind, parseMount } from '../pod-parts/mounts.ts';
import { toLabel } from '../pod-parts/names.ts';
import { detectProject } from '../project/detect-project.ts';
import type { DetectedProject } from '../project/detected-project.ts';
import { parseEliotFile } from '../project/eliot-file.ts';
import { eliotFileName } from '../project/eliot-file-name.ts';
import { parseOnChange } from '../project/on-change.ts';
import { parsePortPair } from '../project/port-pair.ts';
import { readProjectFiles } from '../project/project-files.ts';
import { mergeSettings, type ProjectSettings, parseSyncPair, type SyncPair } from '../project/project-settings.ts';
import { UsageError } from '../usage-error.ts';
import type { UpFlags } from './up-flags.ts';

/** What a directory, its `.eliot.yml` and the flags say together; the later above the earlier. */
export interface ReadSettings {
  /** Absolute path of the project. */
  readonly directory: string;
  readonly settings: ProjectSettings;
  /** What the files look like; undefined when that was not asked, or nothing is known of them. */
  readonly detected: DetectedProject | undefined;
  /** Whether there is a `.eliot.yml`. */
  readonly hasFile: boolean;
}

/** @throws UsageError for what makes no sense */
export async function readSettings(
  command: readonly string[],
  flags: UpFlags,
  { io }: CommandContext,
): Promise<ReadSettings> {
  const directory = resolve(io.directory, flags.directory ?? '.');
  if ((await io.files.kindOf(directory)) !== 'directory') throw new UsageError(`${directory} is no directory`);
  const path = `${directory}/${eliotFileName}`;
  const hasFile = (await io.files.kindOf(path)) === 'file';
  const file = hasFile ? parseEliotFile((await io.files.readFile(path)).toString('utf8')) : {};
  const flagged = settingsOfFlags(command, flags);
  // With both of them nothing is left to find out, and what lies there may be anything.
  const isSaid = (flagged.image ?? file.image) !== undefined && (flagged.command ?? file.command) !== undefined;
  const detected = isSaid ? undefined : detectProject(await readProjectFiles(directory, io.files));
  const usual: ProjectSettings = { name: toLabel(directory.split('/').at(-1) ?? '') || 'project' };
  const found = detected === undefined ? {} : settingsOf(detected, flagged.image ?? file.image);
  return { directory, settings: mergeSettings([usual, found, file, flagged]), detected, hasFile };
}

/** @param chosen an image that was named by somebody, which may have a program of its own */
function settingsOf(
  { image, workdir, command, env, ports }: DetectedProject,
  chosen: string | undefined,
): ProjectSettings {
  return { image: chosen ?? image, workdir, command: command ?? (chosen === undefined ? undefined : []), env, ports };
}

function settingsOfFlags(command: readonly string[], flags: UpFlags): ProjectSettings {
  const { bind = [], mount = [], sync = [], port = [], onChange } = flags;
  return {
    image: flags.image,
    name: flags.name,
    ...(command.length === 0 ? {} : { command }),
    workdir: workdirOf(flags),
    env: flags.env ?? [],
    mounts: [
      ...bind.map((text) => parseBind(text, `invalid --bind "${text}"`)),
      ...mount.map((text) => parseMount(text, `invalid --mount "${text}"`)),
    ],
    syncs: sync.map(syncOf),
    ports: port.map((text) => parsePortPair(text, `invalid --port "${text}"`)),
    devices: flags.device ?? [],
    ignore: flags.ignore ?? [],
    onChange: onChange === undefined ? undefined : parseOnChange(onChange, `invalid --on-change "${onChange}"`),
    twoWay: flags.twoWay,
    privileged: flags.privileged,
  };
}

function workdirOf({ workdir }: UpFlags): string | undefined {
  if (workdir === undefined || isAbsolute(workdir)) return workdir;
  throw new UsageError(`invalid --workdir "${workdir}"`, 'an absolute path of the container');
}

function syncOf(text: string): SyncPair {
  const pair = parseSyncPair(text);
  if (pair === undefined) {
    throw new UsageError(`invalid --sync "${text}"`, 'written as SOURCE:DESTINATION, for example .:/volume');
  }
  return pair;
}
