import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { computeAbilities } from './abilities.ts';
import { asciiGlyphs, unicodeGlyphs } from './glyphs.ts';

const xterm = { TERM: 'xterm-256color' };

describe('what may be written for a person', () => {
  for (const { what, env = xterm, isTTY = true, isQuiet = false, isWatched, canRedraw, hasColours } of [
    { what: 'all of it on a terminal', isWatched: true, canRedraw: true, hasColours: true },
    { what: 'nothing without a terminal', isTTY: false, isWatched: false, canRedraw: false, hasColours: false },
    { what: 'nothing but failures with --quiet', isQuiet: true, isWatched: false, canRedraw: false, hasColours: true },
    {
      what: 'no colour with NO_COLOR',
      env: { ...xterm, NO_COLOR: '1' },
      isWatched: true,
      canRedraw: true,
      hasColours: false,
    },
    {
      what: 'colour with an empty NO_COLOR',
      env: { ...xterm, NO_COLOR: '' },
      isWatched: true,
      canRedraw: true,
      hasColours: true,
    },
    {
      what: 'no colour with CLICOLOR=0',
      env: { ...xterm, CLICOLOR: '0' },
      isWatched: true,
      canRedraw: true,
      hasColours: false,
    },
    { what: 'plain lines with TERM=dumb', env: { TERM: 'dumb' }, isWatched: true, canRedraw: false, hasColours: false },
    { what: 'plain lines without TERM', env: {}, isWatched: true, canRedraw: false, hasColours: false },
    {
      what: 'colour without a terminal with CLICOLOR_FORCE',
      env: { CLICOLOR_FORCE: '1' },
      isTTY: false,
      isWatched: false,
      canRedraw: false,
      hasColours: true,
    },
    {
      what: 'no colour with NO_COLOR, whatever CLICOLOR_FORCE says',
      env: { ...xterm, NO_COLOR: '1', CLICOLOR_FORCE: '1' },
      isWatched: true,
      canRedraw: true,
      hasColours: false,
    },
    {
      what: 'nothing without a terminal with CLICOLOR_FORCE=0',
      env: { ...xterm, CLICOLOR_FORCE: '0' },
      isTTY: false,
      isWatched: false,
      canRedraw: false,
      hasColours: false,
    },
  ]) {
    it(`is ${what}`, () => {
      const { glyphs: _glyphs, ...abilities } = computeAbilities(env, isTTY, isQuiet);
      assert.deepEqual(abilities, { isWatched, canRedraw, hasColours });
    });
  }

  for (const { env, glyphs } of [
    { env: {}, glyphs: unicodeGlyphs },
    { env: { LANG: 'de_DE.UTF-8' }, glyphs: unicodeGlyphs },
    { env: { LANG: 'de_DE.UTF-8', LC_ALL: 'C' }, glyphs: asciiGlyphs },
    { env: { LANG: 'C.utf8', LC_ALL: '' }, glyphs: unicodeGlyphs },
    { env: { LANG: 'de_DE.ISO-8859-1' }, glyphs: asciiGlyphs },
    { env: { LANG: 'de_DE.UTF-8', TERM: 'linux' }, glyphs: asciiGlyphs },
  ]) {
    it(`has ${glyphs === asciiGlyphs ? 'ASCII' : 'Unicode'} signs with ${JSON.stringify(env)}`, () => {
      assert.equal(computeAbilities(env, true, false).glyphs, glyphs);
    });
  }
});
