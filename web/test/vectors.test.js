/**
 * Every vector of `spec/vectors/`, positive and negative, replayed from its JSON alone.
 *
 * @import { Call, Operation, Values } from './replays/call.js'
 */

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { describe, test } from 'node:test';
import { SplitPassError } from '../protocol/primitives/errors.js';
import { epochKey } from './replays/keys.js';
import { NOT_HERE, messageOf } from './replays/messages.js';
import { OPERATIONS } from './replays/operations.js';
import { epochKeyOfSetting } from './replays/setting.js';

/**
 * One vector. `make` and `intermediate` stand in some, `result` in accepted ones, `error` in rejected ones.
 * @typedef {{ name: string, kind: 'accept' | 'reject', check: Values, make?: Values, intermediate?: Values,
 *   result?: Values, error?: string }} Vector
 */

const DIRECTORY = new URL('../../spec/vectors/', import.meta.url);
const KEYS = {
  accept: { required: ['name', 'kind', 'check'], optional: ['make', 'intermediate', 'result'] },
  reject: { required: ['name', 'kind', 'check', 'baseline', 'change', 'error'], optional: ['make'] },
};

/**
 * The result of a call, which must take every given value, and no other but the setting.
 * @param {Call | undefined} call @param {Values} values @param {Values} setting
 */
function run(call, values, setting) {
  assert.ok(call, 'this operation has no such call');
  const names = call.names.filter((name) => name !== epochKey.name);
  assert.deepEqual(Object.keys(values).sort(), names.sort(), 'unknown or missing keys');
  return call.run({ ...values, ...setting });
}

/** The values that a call takes. @param {Call | undefined} call @param {Values} values @returns {Values} */
function taken(call, values) {
  return Object.fromEntries(Object.entries(values).filter(([name]) => call?.names.includes(name)));
}

/** @param {Operation} operation @param {Vector} vector @param {Values} setting */
function replay(operation, vector, setting) {
  const { required, optional } = KEYS[vector.kind];
  const unknown = Object.keys(vector).filter((key) => !required.includes(key) && !optional.includes(key));
  assert.deepEqual(unknown, [], 'unknown keys');
  for (const key of required) assert.ok(key in vector, `${key} is missing`);
  const { make, check, intermediate, result = {}, error: expected } = vector;
  if (make !== undefined) {
    const made = run(operation.make, { ...taken(operation.make, check), ...make }, setting);
    assert.notDeepEqual(made, {});
    for (const [key, value] of Object.entries(made)) assert.deepEqual(value, check[key], key);
  }
  if (intermediate !== undefined) {
    assert.deepEqual(run(operation.steps, taken(operation.steps, { ...check, ...make }), setting), intermediate);
  }
  if (vector.kind === 'accept') {
    assert.deepEqual(run(operation.check, check, setting), result);
  } else {
    assert.throws(
      () => run(operation.check, check, setting),
      (error) => error instanceof SplitPassError && error.name === expected,
    );
  }
}

/** @param {string} name */
const load = (name) => JSON.parse(readFileSync(new URL(`${name}.json`, DIRECTORY), 'utf8'));
const names = readdirSync(DIRECTORY).map((file) => file.replace(/\.json$/u, ''));

/** Files about what no page does, and nothing here implements. */
const OF_PARTIES_ALONE = ['poster-link', 'tiles', 'venue-application', 'witness-request'];

test('there is one operation for each file', () => {
  assert.deepEqual([...names].sort(), [...Object.keys(OPERATIONS), ...OF_PARTIES_ALONE].sort());
});

test('the messages that are not here are those of the list', () => {
  const kinds = new Set(load('message-edges').vectors.map((/** @type {Vector} */ { check }) => String(check.kind)));
  assert.deepEqual([...kinds].filter((kind) => messageOf(kind) === undefined).sort(), NOT_HERE);
});

for (const name of Object.keys(OPERATIONS)) {
  describe(name, () => {
    const { setting, vectors, ...rest } = load(name);
    const verified = setting === undefined ? {} : { [epochKey.name]: epochKeyOfSetting(setting) };
    test('has no unknown key', () => assert.deepEqual(Object.keys(rest).sort(), ['format', 'spec', 'title']));
    const here = vectors.filter((/** @type {Vector} */ { check }) => !NOT_HERE.includes(String(check.kind)));
    for (const vector of here) test(vector.name, () => replay(OPERATIONS[name], vector, verified));
  });
}

describe('what must fail', () => {
  const operation = OPERATIONS['knowledge-proof'];
  const [vector] = load('knowledge-proof').vectors;
  for (const [change, wrong] of Object.entries({
    'an unknown key': { surprise: 1 },
    'an unknown key in check': { check: { ...vector.check, surprise: '00' } },
    'an unknown key in make': { make: { ...vector.make, surprise: '00' } },
    'an unknown intermediate value': { intermediate: { ...vector.intermediate, surprise: '00' } },
    'an unknown result': { result: { surprise: '00' } },
    'another draw': { make: { ...vector.make, random: ['00'.repeat(32)] } },
    'a draw too many': { make: { ...vector.make, random: [...vector.make.random, '00'] } },
  })) {
    test(change, () => assert.throws(() => replay(operation, { ...vector, ...wrong }, {}), assert.AssertionError));
  }
});
