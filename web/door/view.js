/** What a door's camera or scanner sees, so that a code that is held up for a while is decided once. */

import { bytesToHex } from '@noble/hashes/utils.js';
import { signedPassParts } from '../protocol/checkIns.js';
import { Malformed } from '../protocol/primitives/errors.js';
import { fromQrText } from '../protocol/qrText.js';

/** After so many seconds out of view a code is a new one. */
const OUT_OF_VIEW_SECONDS = 3;
/** After so many seconds out of view the codes of a pass that was admitted are decided again. */
const ADMITTED_SECONDS = 30;

/**
 * Tells new codes from those that are still held up. A phone makes its code anew every fifteen seconds, and those of a
 * group, which it shows in turn, each time: to whoever looks, the codes of a pass that was admitted are the same, and of
 * another pass those with one time.
 */
export class View {
  /** When each was seen last, in seconds. @type {Map<string, number>} */
  #codes = new Map();
  /** @type {Map<string, number>} */
  #admitted = new Map();

  /** @param {() => number} [clock] seconds that only grow */
  constructor(clock = () => performance.now() / 1000) {
    this.clock = clock;
  }

  /** Whether a text that is seen now is to be decided. @param {string} text */
  isNew(text) {
    const now = this.clock();
    forget(this.#codes, now - OUT_OF_VIEW_SECONDS);
    forget(this.#admitted, now - ADMITTED_SECONDS);
    const { code, pass } = nameOf(text);
    const isKnown = this.#codes.has(code);
    const isAdmitted = this.#admitted.has(pass);
    this.#codes.set(code, now);
    if (isAdmitted) this.#admitted.set(pass, now);
    return !isKnown && !isAdmitted;
  }

  /** Note that the pass of a text was admitted. @param {string} text */
  admit(text) {
    this.#admitted.set(nameOf(text).pass, this.clock());
  }
}

/** @param {Map<string, number>} seen @param {number} moment */
function forget(seen, moment) {
  for (const [what, at] of seen) if (at <= moment) seen.delete(what);
}

/**
 * What stays the same of a code when a phone signs it anew, and of its pass. Paper stays as it is.
 * @param {string} text
 */
function nameOf(text) {
  try {
    const message = fromQrText(text);
    const pass = `${bytesToHex(signedPassParts(message).u)} ${message.direction}`;
    return { pass, code: `${pass} ${message.time}` };
  } catch (error) {
    if (error instanceof Malformed) return { pass: text, code: text };
    throw error;
  }
}
