/** Why a server did not do what a page asked for. Spec: §5.1. */

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
