/** Every vector of `spec/vectors/`, positive and negative, replayed from its JSON alone. */

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { describe, test } from 'node:test';
import { Domain, verifyEpoch } from '../protocol/epochs.js';
import { SplitPassError } from '../protocol/primitives/errors.js';
import { REPLAYS } from './replays/index.js';
import { encoded, hex, number, plain } from './replays/values.js';

const DIRECTORY = new URL('../../spec/vectors/', import.meta.url);
const KEYS = {
  accept: { required: ['name', 'kind', 'check'], optional: ['make', 'intermediate', 'result'] },
  reject: { required: ['name', 'kind', 'check', 'baseline', 'change', 'error'], optional: ['make'] },
};
const SETTING = {
  domain: encoded(Domain),
  epoch: number,
  operator_statement: hex,
  authority_statement: hex,
  X: hex,
  pass_key: hex,
  context: hex,
};

/** The values of exactly the keys of `types`, decoded; an unknown or missing key is an error. */
function decode(types, values) {
  assert.deepEqual(Object.keys(values).sort(), Object.keys(types).sort(), 'unknown or missing keys');
  return Object.fromEntries(Object.entries(types).map(([key, type]) => [key, type(values[key])]));
}

function epochKeyOf(setting) {
  if (setting === undefined) return undefined;
  const { domain, epoch, operator_statement, authority_statement, ...shown } = decode(SETTING, setting);
  const epochKey = verifyEpoch(domain, epoch, operator_statement, authority_statement);
  const { X, passKey, context } = epochKey;
  assert.deepEqual({ X: X.toBytes(), pass_key: passKey.toBytes(), context }, shown);
  return epochKey;
}

function runMake([types, make], vector, epochKey) {
  const isPublic = (key) => key in vector.check && !(key in vector.make);
  const given = Object.fromEntries(Object.keys(types).filter(isPublic).map((key) => [key, vector.check[key]]));
  const values = decode(types, { ...given, ...vector.make });
  const made = plain(make(values, epochKey));
  values.random?.assertUsed();
  assert.notDeepEqual(made, {});
  for (const [key, value] of Object.entries(made)) assert.deepEqual(value, vector.check[key], key);
}

function runSteps({ make: [makeTypes] = [{}], check: [checkTypes], steps }, vector, epochKey) {
  const values = decode({ ...makeTypes, ...checkTypes }, { ...vector.check, ...vector.make });
  assert.deepEqual(plain(steps(values, epochKey)), vector.intermediate);
}

function runCheck([types, check], vector, epochKey) {
  const values = decode(types, vector.check);
  const result = check(values, epochKey);
  values.random?.assertUsed();
  assert.deepEqual(plain(result ?? {}), vector.result ?? {});
}

function replay(operation, vector, epochKey) {
  const { required, optional } = KEYS[vector.kind];
  const unknown = Object.keys(vector).filter((key) => !required.includes(key) && !optional.includes(key));
  assert.deepEqual(unknown, [], 'unknown keys');
  for (const key of required) assert.ok(key in vector, `${key} is missing`);
  if ('make' in vector) runMake(operation.make, vector, epochKey);
  if ('intermediate' in vector) runSteps(operation, vector, epochKey);
  if (vector.kind === 'accept') {
    runCheck(operation.check, vector, epochKey);
  } else {
    assert.throws(
      () => runCheck(operation.check, vector, epochKey),
      (error) => error instanceof SplitPassError && error.name === vector.error,
    );
  }
}

const load = (name) => JSON.parse(readFileSync(new URL(`${name}.json`, DIRECTORY), 'utf8'));
const names = readdirSync(DIRECTORY).map((file) => file.replace(/\.json$/, ''));

test('there is one replay for each file', () => {
  assert.deepEqual([...names].sort(), Object.keys(REPLAYS).sort());
});

for (const name of names) {
  describe(name, () => {
    const { setting, vectors, ...rest } = load(name);
    const epochKey = epochKeyOf(setting);
    test('has no unknown key', () => assert.deepEqual(Object.keys(rest).sort(), ['format', 'spec', 'title']));
    for (const vector of vectors) test(vector.name, () => replay(REPLAYS[name], vector, epochKey));
  });
}

describe('what must fail', () => {
  const operation = REPLAYS['knowledge-proof'];
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
    test(change, () => assert.throws(() => replay(operation, { ...vector, ...wrong }), assert.AssertionError));
  }
});
