/** Why something cannot be done. Spec: §5.1. */

/** @import { Pair } from './language.js' */

/** Base; the words say what is wrong and what to do, and never contain a secret. */
export class WordedError extends Error {
  /** @param {Pair} words @param {ErrorOptions} [options] */
  constructor(words, options) {
    super(words[0], options);
    this.words = words;
  }

  get name() {
    return this.constructor.name;
  }
}

/** A server said no. `problem` is the stable name of §5.1, `status` the HTTP status. */
export class Problem extends Error {
  /** @param {number} status @param {string} problem @param {string} detail */
  constructor(status, problem, detail) {
    super(detail);
    this.status = status;
    this.problem = problem;
  }
}

/** A server did not answer. */
export class Unreachable extends Error {}
