/** What a wallet keeps, and for how long. As `tests/client/test_wallet.py`. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomBytes } from '@noble/hashes/utils.js';
import { MAX_STAY } from '../../protocol/checkIns.js';
import { EPOCH_SECONDS } from '../../protocol/epochs.js';
import { Scalar } from '../../protocol/primitives/group.js';
import { NoPassLeft, NoVisit, WalletError } from '../../visitor/errors.js';
import {
  MEMORY_DAYS,
  RETENTION_DAYS,
  groupsOf,
  takePasses,
  visitsWith,
  whoCanLeave,
  withDay,
  withVisits,
  withinLimits,
  withoutExpired,
} from '../../visitor/wallet.js';
import { EMPTY, MAX_PAPERS, MAX_PAST, MAX_VISITS, Wallet, publicKeyOf } from '../../visitor/walletContents.js';
import { ImitatedParties, NOON, enrolled, supplied } from './imitated.js';

const { domain, today } = new ImitatedParties();
const passOf = () => ({ public: randomBytes(128), r: Scalar.random() });
const dayWith = (/** @type {number} */ count) => ({
  epoch: today,
  nextAt: NOON,
  pending: null,
  passes: Array.from({ length: count }, passOf),
  issued: count,
});
const visitAt = (/** @type {number} */ entered) => visitsWith([passOf()], today, randomBytes(16), entered, null)[0];

test('what was written is read again', async () => {
  const { visitor } = await supplied();
  const wallet = await visitor.wallet();
  assert.deepEqual(Wallet.toBytes(Wallet.fromBytes(Wallet.toBytes(wallet))), Wallet.toBytes(wallet));
});

test('contents of another version are refused and left alone', async () => {
  const { visitor } = await enrolled();
  await visitor.store.change('wallet', () => ({ contents: Uint8Array.of(0x80), value: null }));
  await assert.rejects(visitor.wallet(), WalletError);
  await assert.rejects(
    visitor.change((wallet) => ({ wallet, value: null })),
    WalletError,
  );
  assert.deepEqual(await visitor.store.read('wallet'), Uint8Array.of(0x80));
});

test('a page that names other keys than at enrolment is refused', async () => {
  const { visitor } = await enrolled();
  await visitor.checkDomain();
  await visitor.checkDomain();
  visitor.domain = new ImitatedParties().domain;
  await assert.rejects(visitor.checkDomain(), WalletError);
});

test('a change that fails changes nothing', async () => {
  const { visitor } = await supplied();
  const before = await visitor.store.read('wallet');
  await assert.rejects(
    visitor.change((wallet) => ({ wallet, value: takePasses(wallet, today, 9, 'today') })),
    NoPassLeft,
  );
  assert.deepEqual(await visitor.store.read('wallet'), before);
});

test('there are passes for all of a group or none', () => {
  const wallet = withDay(EMPTY, dayWith(2));
  const { taken, rest } = takePasses(wallet, today, 2, 'today');
  assert.equal(new Set(taken.map((stored) => publicKeyOf(stored).join())).size, 2);
  assert.throws(() => takePasses(wallet, today, 3, 'today'), NoPassLeft);
  assert.throws(() => takePasses(rest, today, 1, 'today'), NoPassLeft);
  assert.throws(() => takePasses(EMPTY, today, 1, 'today'), /have come yet/u);
});

test('those who go together leave together, and who was refused does not', () => {
  const group = visitsWith([passOf(), passOf()], today, randomBytes(16), NOON, null);
  const wallet = withVisits(EMPTY, [...group, visitAt(NOON + 15)]);
  assert.deepEqual(
    groupsOf(wallet).map(({ length }) => length),
    [2, 1],
  );
  assert.equal(whoCanLeave([group[0], { ...group[1], answer: 8 }]).length, 1);
  assert.throws(() => whoCanLeave([{ ...group[0], exitPass: null }]), NoVisit);
});

test('what expired is dropped, and its passes are remembered until no disclosure can come', () => {
  const visit = visitAt(NOON);
  const wallet = { ...withVisits(withDay(EMPTY, dayWith(1)), [visit]), papers: [{ epoch: today, u: randomBytes(32) }] };
  const at = (/** @type {number} */ seconds) => withoutExpired(wallet, domain, NOON + seconds);
  assert.ok(at(MAX_STAY).visits[0].exitPass);
  assert.equal(at(MAX_STAY + 1).visits[0].exitPass, null);
  assert.deepEqual(at(EPOCH_SECONDS).days, []);
  const later = at(RETENTION_DAYS * EPOCH_SECONDS + 1);
  assert.deepEqual([later.visits.length, later.papers.length, later.past.length], [0, 1, 1]);
  assert.equal(at((RETENTION_DAYS + 1) * EPOCH_SECONDS).past.length, 2);
  assert.deepEqual(at((MEMORY_DAYS + 1) * EPOCH_SECONDS).past, []);
});

test('what has expired is deleted, with the keys of days that are over, and evidence is not', async () => {
  const { parties, visitor } = await supplied();
  await visitor.store.put(`epoch/${today}/operator/conflict`, Uint8Array.of(1));
  parties.now += EPOCH_SECONDS;
  await visitor.forgetOld();
  assert.ok((await visitor.epochs.key(today)) === null);
  assert.ok(await visitor.store.get(`epoch/${today}/operator`), 'an exit may still need the keys of yesterday');
  parties.now += EPOCH_SECONDS;
  await visitor.forgetOld();
  assert.deepEqual(await visitor.store.names('epoch/'), [`epoch/${today}/operator/conflict`]);
  assert.deepEqual(Wallet.fromBytes(/** @type {Uint8Array} */ (await visitor.store.read('wallet'))).days, []);
});

test('what is too much never hinders a pass from being marked as used', () => {
  const visits = Array.from({ length: MAX_VISITS + 1 }, () => ({ ...visitAt(NOON), exitPass: null }));
  const papers = Array.from({ length: MAX_PAPERS + 2 }, () => ({ epoch: today, u: randomBytes(32) }));
  const kept = withinLimits({ ...EMPTY, visits, papers });
  assert.deepEqual([kept.visits.length, kept.papers.length, kept.past.length], [MAX_VISITS, MAX_PAPERS, 3]);
  assert.deepEqual(kept.visits.at(-1), visits.at(-1));
  const past = Array.from({ length: MAX_PAST }, (_, epoch) => ({ epoch, u: new Uint8Array(32) }));
  assert.equal(withinLimits({ ...kept, visits: [...kept.visits, visits[0]], past }).past.length, MAX_PAST);
});
