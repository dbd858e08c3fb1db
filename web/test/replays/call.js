/**
 * How a function is called with the values of a vector.
 *
 * @import { Decode } from './values.js'
 */

import assert from 'node:assert/strict';
import { isDraws, plain } from './values.js';

/**
 * A key of a vector, and how its value is decoded.
 * @template T @typedef {{ name: string, decode: Decode<T> }} Key
 */

/** Named values as they stand in a file. @typedef {Record<string, unknown>} Values */

/**
 * A call with the values of the keys `names`. `run` gives what a vector shows of the result.
 * @typedef {{ names: string[], run: (values: Values) => Values }} Call
 */

/**
 * How a file of vectors is replayed: `check` gives a vector's `result` or throws, `make` gives values of its `check`,
 * `steps` its intermediate values.
 * @typedef {{ check: Call, make?: Call, steps?: Call }} Operation
 */

/** @template T @param {string} name @param {Decode<T>} decode @returns {Key<T>} */
export const key = (name, decode) => ({ name, decode });

/**
 * The call of a function whose parameters are the values of `keys`, in their order.
 * @template {unknown[]} Parameters @template Result
 * @param {[...{ [I in keyof Parameters]: Key<Parameters[I]> }]} keys
 * @param {(...values: Parameters) => Result} run
 * @param {(result: Result) => unknown} [show] what a vector shows of the result; all of it if absent
 * @returns {Call}
 */
export const call = (keys, run, show = (result) => result) => ({
  names: keys.map(({ name }) => name),
  run: (json) => {
    for (const { name } of keys) assert.ok(name in json, `${name} is missing`);
    const values = /** @type {Parameters} */ (keys.map(({ name, decode }) => decode(json[name])));
    const result = /** @type {Values} */ (plain(show(run(...values)) ?? {}));
    values.filter(isDraws).forEach((draws) => draws.assertUsed());
    return result;
  },
});
