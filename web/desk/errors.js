/** What the page itself refuses. */

/** @import { Pair } from '../ui/language.js' */

/** The words say what is wrong and what to do. */
export class DeskError extends Error {
  /** @param {Pair} words */
  constructor(words) {
    super(words[0]);
    this.words = words;
  }

  get name() {
    return this.constructor.name;
  }
}
