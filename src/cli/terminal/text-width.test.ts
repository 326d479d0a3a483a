import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fitText, textWidth } from './text-width.ts';

describe('the width of a text', () => {
  for (const [text, width] of [
    ['', 0],
    ['radio.tar', 9],
    ['größe', 5],
    ['e\u0301', 1],
    ['画像.tar', 8],
    ['🚀', 2],
    ['✓ ⠋', 3],
  ] as const) {
    it(`${JSON.stringify(text)} is ${width}`, () => assert.equal(textWidth(text), width));
  }
});

describe('a text made to fit', () => {
  for (const { text, width, fitted } of [
    { text: 'radio.tar', width: 9, fitted: 'radio.tar' },
    { text: 'radio.tar', width: 6, fitted: 'radio…' },
    { text: '画像画像', width: 6, fitted: '画像…' },
    { text: 'radio', width: 0, fitted: '' },
    { text: 'a\u001b[2Jb\nc', width: 20, fitted: 'a?[2Jb?c' },
  ]) {
    it(`into ${width} columns is ${JSON.stringify(fitted)}`, () => assert.equal(fitText(text, width, '…'), fitted));
  }
});
