/** Fetching passes: two steps at drawn times, one answer, and what is kept. As `tests/client/test_passes.py`. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomBytes } from '@noble/hashes/utils.js';
import { Role, epochBegins } from '../../protocol/epochs.js';
import { PassAnswers } from '../../protocol/passes.js';
import { Problem, Unreachable } from '../../ui/problems.js';
import { NotIssued, PassesWithheld } from '../../visitor/errors.js';
import { begin, fetchPasses } from '../../visitor/passes.js';
import { withheld } from '../../visitor/screens/days.js';
import { dayOf } from '../../visitor/wallet.js';
import { createEpoch } from '../parties/epochs.js';
import { ALLOWANCE, enrolled } from './imitated.js';

/** @param {import('./imitated.js').ImitatedParties} parties @param {string} path */
const count = (parties, path) => parties.traffic.filter((sent) => sent.endsWith(path)).length;

test('a day that has begun is asked for at once, the first time alone', async () => {
  const { parties, visitor } = await enrolled();
  assert.equal(await fetchPasses(visitor, parties.today), ALLOWANCE);
  assert.equal(await fetchPasses(visitor, parties.today), 0);
  assert.equal(count(parties, '/v1/passes'), 1);
  const day = dayOf(await visitor.wallet(), parties.today);
  assert.equal(day?.pending, null, 'h leaves the wallet when the passes arrive');
  assert.equal(day?.issued, ALLOWANCE);
});

test('registering and asking are two steps at times that were drawn before', async () => {
  const { parties, visitor } = await enrolled();
  const tomorrow = parties.today + 1;
  assert.equal(await fetchPasses(visitor, tomorrow), 0);
  assert.deepEqual(parties.traffic, [], 'the first look draws a time and sends nothing');
  const next = async () => dayOf(await visitor.wallet(), tomorrow)?.nextAt ?? 0;
  parties.now = (await next()) - 1;
  await fetchPasses(visitor, tomorrow);
  assert.deepEqual(parties.traffic, []);
  parties.now += 1;
  await fetchPasses(visitor, tomorrow);
  assert.deepEqual([count(parties, '/v1/handles'), count(parties, '/v1/passes')], [1, 0]);
  await fetchPasses(visitor, tomorrow);
  assert.equal(count(parties, '/v1/passes'), 0, 'the second step waits for its own time');
  parties.now = await next();
  assert.ok(parties.now < epochBegins(parties.domain, tomorrow));
  assert.equal(await fetchPasses(visitor, tomorrow), ALLOWANCE);
});

test('what came of a step never makes an early one', async () => {
  const { parties, visitor } = await enrolled();
  parties.answers.set('/v1/passes', () => {
    throw new Unreachable('no answer');
  });
  await assert.rejects(fetchPasses(visitor, parties.today), NotIssued);
  parties.answers.clear();
  assert.equal(await fetchPasses(visitor, parties.today), 0);
  const before = dayOf(await visitor.wallet(), parties.today);
  parties.now = before?.nextAt ?? 0;
  assert.equal(await fetchPasses(visitor, parties.today), ALLOWANCE);
  assert.equal(count(parties, '/v1/handles'), 1, 'the same handle is asked for again');
});

test('the next time is stored before anything is sent', async () => {
  const { parties, visitor } = await enrolled();
  const today = dayOf(begin(await visitor.wallet(), visitor, parties.today).wallet, parties.today);
  assert.ok((today?.nextAt ?? 0) >= parties.now + 3600);
  parties.answers.set(`/v1/epochs/${parties.today}`, () => {
    throw new Unreachable('no answer');
  });
  await assert.rejects(fetchPasses(visitor, parties.today), Unreachable);
  assert.ok((dayOf(await visitor.wallet(), parties.today)?.nextAt ?? 0) > parties.now);
});

for (const [words, answer] of /** @type {const} */ ([
  ['decoys', () => PassAnswers.toBytes({ answers: Array.from({ length: ALLOWANCE }, () => new Uint8Array(144)) })],
  ['too few answers', () => PassAnswers.toBytes({ answers: [new Uint8Array(144)] })],
  ['no answer at all', () => new Uint8Array([1, 2, 3])],
])) {
  test(`after a body of ${words} a day is never asked for again, and its owner is told`, async () => {
    const { parties, visitor } = await enrolled();
    parties.answers.set('/v1/passes', answer);
    await assert.rejects(fetchPasses(visitor, parties.today), PassesWithheld);
    parties.answers.clear();
    parties.now += 6 * 3600;
    assert.equal(await fetchPasses(visitor, parties.today), 0);
    assert.equal(count(parties, '/v1/passes'), 1);
    const day = /** @type {import('../../visitor/walletContents.js').Day} */ (
      dayOf(await visitor.wallet(), parties.today)
    );
    assert.equal(day.issued, 0);
    assert.match(withheld(visitor, day)?.[0] ?? '', /only 0 of 3 passes came/u, 'as long as the day lasts');
    assert.equal(withheld(visitor, { ...day, issued: ALLOWANCE }), null);
  });
}

test('passes for an account that was changed meanwhile are dropped', async () => {
  const { parties, visitor } = await enrolled();
  parties.answers.set('/v1/passes', (body) => {
    const answer = parties.answer('operator POST /v1/passes', body);
    parties.accountId = new Uint8Array(16);
    return answer;
  });
  const fetching = fetchPasses(visitor, parties.today);
  const changed = visitor.change.bind(visitor);
  visitor.change = async (change) => {
    if (parties.accountId.every((byte) => byte === 0)) {
      visitor.change = changed;
      await changed((wallet) => ({ wallet: { ...wallet, days: [] }, value: null }));
    }
    return changed(change);
  };
  await assert.rejects(fetching, NotIssued);
  assert.deepEqual((await visitor.wallet()).days, []);
});

test('an epoch that is not published is a 404', async () => {
  const { parties, visitor } = await enrolled();
  parties.epochs.delete(parties.today);
  await assert.rejects(
    fetchPasses(visitor, parties.today),
    (error) => error instanceof Problem && error.status === 404,
  );
});

test('a second statement for one epoch is refused for ever, and kept', async () => {
  const { parties, visitor } = await enrolled();
  await fetchPasses(visitor, parties.today);
  const { OPERATOR } = Role;
  const second = createEpoch(parties.domain, OPERATOR, parties.today, parties.seeds[OPERATOR], randomBytes).statement;
  parties.answers.set(`operator GET /v1/epochs/${parties.today}`, () => second);
  await assert.rejects(visitor.epochs.fetch(visitor.client, parties.today), { name: 'ConflictingStatements' });
  assert.equal(await visitor.epochs.key(parties.today), null);
});
