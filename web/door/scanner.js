/**
 * A scanner that is plugged in as a keyboard: it types a code's text quickly, and then Enter.
 *
 * While Hangul is typed, the browser makes syllables of its keys: then the key's place on an American keyboard counts.
 */

/** What codes are made of. */
const CHARACTERS = /^[0-9A-Z $%*+\-./:]$/u;
/** What was typed before a code, such as a space that pressed a button. */
const BEFORE = /^.*?(?=SPP?1:)/u;
/** A scanner types faster, also where it is slow or the machine busy. */
const GAP_MILLISECONDS = 500;
/** A person who presses one button after the other types no more. */
const FEW_CHARACTERS = 2;
const LEAST_CHARACTERS = 8;
const MOST_CHARACTERS = 2000;

/** What the key at a place gives, alone and with shift. @type {Map<string, readonly [string, string]>} */
const KEYS = new Map([
  ...[...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'].map((letter) => /** @type {const} */ ([`Key${letter}`, [letter, letter]])),
  ...[...')!@#$%^&*('].map((shifted, digit) => /** @type {const} */ ([`Digit${digit}`, [String(digit), shifted]])),
  ...Array.from(
    { length: 10 },
    (_, digit) => /** @type {const} */ ([`Numpad${digit}`, [String(digit), String(digit)]]),
  ),
  ['Space', [' ', ' ']],
  ['Minus', ['-', '_']],
  ['Equal', ['=', '+']],
  ['Period', ['.', '>']],
  ['Slash', ['/', '?']],
  ['Semicolon', [';', ':']],
  ['NumpadMultiply', ['*', '*']],
  ['NumpadAdd', ['+', '+']],
  ['NumpadSubtract', ['-', '-']],
  ['NumpadDecimal', ['.', '.']],
  ['NumpadDivide', ['/', '/']],
]);

/**
 * What counts of a key that is pressed.
 * @typedef {'key' | 'code' | 'timeStamp' | 'shiftKey' | 'ctrlKey' | 'altKey' | 'metaKey' | 'preventDefault'} Parts
 * @typedef {Pick<KeyboardEvent, Parts>} Pressed
 */

/** Puts together what a scanner types. */
export class Scanner {
  #typed = '';
  #lastAt = -Infinity;

  /** @param {(text: string) => void} found */
  constructor(found) {
    this.found = found;
  }

  /**
   * Take a key that was pressed. What is typed quickly is a scanner's, and presses no button of the page.
   * @param {Pressed} event
   */
  press(event) {
    const { code, shiftKey } = event;
    if (event.ctrlKey || event.altKey || event.metaKey || code.startsWith('Shift')) return;
    if (event.timeStamp - this.#lastAt > GAP_MILLISECONDS) this.#typed = '';
    this.#lastAt = event.timeStamp;
    const letter = event.key.toUpperCase();
    const character = CHARACTERS.test(letter) ? letter : KEYS.get(code)?.[shiftKey ? 1 : 0];
    if (character !== undefined && this.#typed.length < MOST_CHARACTERS) {
      if (this.#typed.length >= FEW_CHARACTERS) event.preventDefault();
      this.#typed += character;
    } else if (code === 'Enter' || code === 'NumpadEnter') {
      const text = this.#typed.replace(BEFORE, '');
      this.#typed = '';
      if (text.length < LEAST_CHARACTERS) return;
      event.preventDefault();
      this.found(text);
    }
  }
}
