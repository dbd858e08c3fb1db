/** What a scanner types is put together, and what a person types is not. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Scanner } from '../../door/scanner.js';

const CODE = 'SP1:0Z $%*+-./:9';
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
/** The keys of an American keyboard. */
const SHIFTED = new Map(
  [...':%$*+'].map((character, place) => [character, ['Semicolon', 'Digit5', 'Digit4', 'Digit8', 'Equal'][place]]),
);
const PLAIN = new Map([...' -./'].map((character, place) => [character, ['Space', 'Minus', 'Period', 'Slash'][place]]));

/** A scanner whose clock the test sets, and what it found. */
function plugged() {
  const state = { now: 0, found: /** @type {string[]} */ ([]), kept: 0 };
  const scanner = new Scanner((text) => state.found.push(text));
  /** @param {string} key @param {string} code @param {boolean} shiftKey */
  const press = (key, code, shiftKey) => {
    const preventDefault = () => {
      state.kept += 1;
    };
    scanner.press({
      key,
      code,
      timeStamp: state.now,
      shiftKey,
      ctrlKey: false,
      altKey: false,
      metaKey: false,
      preventDefault,
    });
  };
  /**
   * @param {string} text @param {number} gap milliseconds @param {(character: string) => string} [seen] as the browser
   * says
   */
  const type = (text, gap, seen = (character) => character) => {
    for (const character of text) {
      state.now += gap;
      const plain = PLAIN.get(character) ?? (/[0-9]/u.test(character) ? `Digit${character}` : `Key${character}`);
      const shifted = SHIFTED.get(character);
      if (shifted ?? /[A-Z]/u.test(character)) press('Shift', 'ShiftLeft', true);
      press(seen(character), shifted ?? plain, Boolean(shifted) || /[A-Z]/u.test(character));
    }
    state.now += gap;
    press('Enter', 'Enter', false);
  };
  return { state, type, press };
}

test('every character of a code is read', () => {
  const { state, type } = plugged();
  type(CODE, 5);
  type(LETTERS, 5);
  type(CODE, 5, (character) => character.toLowerCase()); // caps lock
  assert.deepEqual(state.found, [CODE, LETTERS, CODE]);
});

test('while Hangul is typed every character is read by its key', () => {
  const { state, type } = plugged();
  type(CODE, 5, () => 'Process');
  type(LETTERS, 5, (character) => (/[A-Z]/u.test(character) ? 'ㅁ' : character));
  assert.deepEqual(state.found, [CODE, LETTERS]);
});

test('what a person types is left to the page', () => {
  const { state, type, press } = plugged();
  type(CODE, 600);
  press(' ', 'Space', false);
  state.now += 1000;
  press('Enter', 'Enter', false);
  assert.deepEqual(state.found, []);
  assert.equal(state.kept, 0);
});

test('what was typed just before a code is no part of it', () => {
  const { state, type, press } = plugged();
  press(' ', 'Space', false);
  type(CODE, 5);
  assert.deepEqual(state.found, [CODE]);
});

test('a scanner presses no button of the page', () => {
  const { state, type } = plugged();
  type(CODE, 5);
  assert.equal(state.kept, CODE.length - 1); // all but the first two characters, and Enter
});
