/** Pushes what a person means by an image, from wherever it is here, to the device of a command. */
import type { CommandContext } from '../context.ts';
import { buildImage } from '../local-images/build-image.ts';
import { chooseImages } from '../local-images/choose-image.ts';
import type { Engine } from '../local-images/engine.ts';
import type { LocalImages } from '../local-images/local-image.ts';
import { openImages } from '../local-images/open-images.ts';
import { readArchitecture } from './device-architecture.ts';
import type { Building } from './push-flags.ts';
import { pushImage } from './push-image.ts';
import { describePush, showOn } from './show-progress.ts';

export interface LocalSource {
  /** Path of an archive or a layout, `-`, or a name that an engine knows. */
  readonly meant: string;
  /** Full name on the device; undefined: as its source calls it. */
  readonly name: string | undefined;
  readonly engine: Engine | undefined;
}

/** Prints `image/NAME pushed`, and what of it was sent, for each image that is on the device then. */
export async function pushLocal({ meant, name, engine }: LocalSource, context: CommandContext): Promise<void> {
  const local = await open(meant, engine, context);
  try {
    await pushAll(local, name, context);
  } finally {
    await local.close();
  }
}

/** Makes an image of a directory and pushes it. */
export async function pushDirectory(
  { base: meant, ...building }: Building,
  name: string,
  engine: Engine | undefined,
  context: CommandContext,
): Promise<void> {
  const { io, signal, terminal } = context;
  const architecture = await readArchitecture(context);
  const below = meant === undefined ? undefined : await open(meant, engine, context);
  try {
    // What it is called does not matter: only its layers and its configuration do.
    const base = below && chooseImages(below, architecture, name)[0];
    const built = await terminal.during(`Reading ${building.directory}`, () =>
      buildImage(io, { ...building, name, base, architecture }, signal),
    );
    try {
      await pushAll(built, name, context);
    } finally {
      await built.close();
    }
  } finally {
    await below?.close();
  }
}

async function pushAll(local: LocalImages, name: string | undefined, context: CommandContext): Promise<void> {
  const { io, signal, terminal } = context;
  const session = await context.session();
  for (const image of chooseImages(local, await readArchitecture(context), name)) {
    const called = image.names[0] ?? '';
    const result = await terminal.during(`Pushing ${called}`, (activity) =>
      pushImage(session, image, { clock: io.clock, onProgress: showOn(activity, called) }, signal),
    );
    await context.print(`image/${called} pushed (${describePush(result)})\n`);
  }
}

function open(
  meant: string,
  engine: Engine | undefined,
  { io, signal, terminal }: CommandContext,
): Promise<LocalImages> {
  return terminal.during(`Reading ${meant}`, (activity) =>
    openImages(meant, io, signal, {
      engine,
      onProgress: (text, doneBytes) => activity.showBytes(text, doneBytes),
    }),
  );
}
