/** What may be written for a person on stderr. Pure. */
import { asciiGlyphs, type Glyphs, unicodeGlyphs } from './glyphs.ts';

export interface Abilities {
  /** A person looks: what only a person needs is written at all. */
  readonly isWatched: boolean;
  /** Lines can be drawn again in place. */
  readonly canRedraw: boolean;
  readonly hasColours: boolean;
  readonly glyphs: Glyphs;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * @param env `NO_COLOR` (no-color.org), `CLICOLOR`, `CLICOLOR_FORCE` (bixense.com/clicolors), `TERM` and the locale count
 * @param isQuiet `--quiet`: nothing but results and failures
 */
export function computeAbilities(env: Environment, isTTY: boolean, isQuiet: boolean): Abilities {
  // A terminal that says nothing of itself is taken for the simplest there is.
  const isDumb = (env['TERM'] ?? 'dumb') === 'dumb';
  const isWatched = isTTY && !isQuiet;
  return {
    isWatched,
    canRedraw: isWatched && !isDumb,
    hasColours: hasColours(env, isTTY && !isDumb),
    glyphs: showsUnicode(env) ? unicodeGlyphs : asciiGlyphs,
  };
}

function hasColours(env: Environment, canColour: boolean): boolean {
  if (isSet(env['NO_COLOR'])) return false;
  const forced = env['CLICOLOR_FORCE'];
  if (isSet(forced) && forced !== '0') return true;
  return canColour && env['CLICOLOR'] !== '0';
}

/** The console of the kernel has no such letters; a locale that is set and is not UTF-8 cannot show them. */
function showsUnicode(env: Environment): boolean {
  if (env['TERM'] === 'linux') return false;
  const locale = [env['LC_ALL'], env['LC_CTYPE'], env['LANG']].find(isSet);
  return locale === undefined || /utf-?8/i.test(locale);
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== '';
}
