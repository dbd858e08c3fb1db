/** Following what the parties publish. As `tests/client/test_lists.py` and `test_findings.py`. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomBytes } from '@noble/hashes/utils.js';
import { EPOCH_SECONDS, Role } from '../../protocol/epochs.js';
import { PublishedNotice } from '../../protocol/notices.js';
import { Unreachable } from '../../ui/problems.js';
import { Findings, MAX_FOR_PASS, NOTHING, about, withMore } from '../../visitor/findings.js';
import { LIST_SOURCES, MAX_LIST_AGE, faultsOf, searchLists } from '../../visitor/lists.js';
import { openEntries } from '../../visitor/visits.js';
import { RETENTION_DAYS, usedPasses } from '../../visitor/wallet.js';
import { publishNotice, recordOpening } from '../parties/notices.js';
import { enrolled, supplied } from './imitated.js';

/** @param {import('../../visitor/visitor.js').Visitor} visitor */
const found = async (visitor) => visitor.findings.all(usedPasses(await visitor.wallet()));
/** @param {import('../../visitor/visitor.js').Visitor} visitor */
const faults = (visitor) => Promise.all(LIST_SOURCES.map((source) => faultsOf(visitor, source)));

async function visited() {
  const { parties, visitor } = await supplied();
  await openEntries(visitor, 1);
  const [{ u }] = (await visitor.wallet()).visits;
  return { parties, visitor, u };
}

/** @param {Uint8Array[]} passes */
function openingOf(passes) {
  const warrant = /** @type {any} */ ({ warrantId: randomBytes(16), legalReference: '감염병예방법 제76조의2' });
  return [{ entry: 1, record: recordOpening(warrant, randomBytes(32), passes, randomBytes) }];
}

test('a notice is found by those it concerns alone, and nobody is told', async () => {
  const { parties, visitor, u } = await visited();
  parties.publish({ passes: [u] });
  await searchLists(visitor);
  assert.deepEqual(
    (await found(visitor)).notices.map(({ advice }) => advice),
    ['검사를 받으세요'],
  );
  const asked = [...parties.traffic];
  const other = await supplied();
  other.parties.publish({ passes: [randomBytes(32)] });
  await openEntries(other.visitor, 1);
  await searchLists(other.visitor);
  assert.deepEqual((await found(other.visitor)).notices, []);
  assert.deepEqual(other.parties.traffic.toSorted(), asked.toSorted(), 'both ask for the same');
});

test('an opening is found in either party’s disclosure, also when the visit itself is forgotten', async () => {
  const { parties, visitor, u } = await visited();
  parties.now += (RETENTION_DAYS + 2) * EPOCH_SECONDS;
  await visitor.change((wallet) => ({ wallet, value: null }));
  assert.deepEqual((await visitor.wallet()).visits, []);
  parties.publish({ openings: openingOf([u]) });
  await searchLists(visitor);
  assert.equal((await found(visitor)).openings.length, 1);
});

test('“nothing found” needs fresh lists of both parties, and “could not check” is another word', async () => {
  const { parties, visitor } = await enrolled();
  assert.deepEqual(await faults(visitor), [null, null, null], 'never checked');
  await searchLists(visitor);
  assert.deepEqual(await faults(visitor), [[], [], []]);
  parties.now += MAX_LIST_AGE + 1;
  assert.deepEqual(await faults(visitor), [['stale'], ['stale'], ['stale']]);
});

test('an answer of many tiny items is refused like any other nonsense', async () => {
  const { parties, visitor } = await enrolled();
  const items = new Uint8Array(200_005).fill(0x80);
  items.set([0x9a, 0, 3, 0x0d, 0x40]);
  parties.answers.set('/v1/notices', () => items);
  await searchLists(visitor);
  assert.deepEqual((await faults(visitor))[0], ['refused', 'stale']);
});

test('only what is new is asked for', async () => {
  const { parties, visitor } = await enrolled();
  parties.publish();
  parties.publish();
  await searchLists(visitor);
  assert.equal(parties.traffic.filter((sent) => sent.startsWith('authority GET /v1/notices')).length, 3);
  parties.traffic.length = 0;
  parties.publish();
  await searchLists(visitor);
  assert.deepEqual(
    parties.traffic.filter((sent) => sent.includes('notices')),
    ['authority GET /v1/notices'],
  );
});

test('a missing list is noticed and asked for until it is there', async () => {
  const { parties, visitor, u } = await visited();
  parties.publish({ passes: [u] });
  parties.publish();
  parties.answers.set('/v1/notices/1', () => parties.answer('authority GET /v1/notices/99', new Uint8Array()));
  await searchLists(visitor);
  assert.deepEqual((await faults(visitor))[0]?.includes('missing'), true);
  parties.answers.clear();
  await searchLists(visitor);
  assert.equal((await found(visitor)).notices.length, 1);
  assert.deepEqual((await faults(visitor))[0], []);
});

test('a list that goes back is noticed', async () => {
  const { parties, visitor } = await enrolled();
  parties.publish();
  await searchLists(visitor);
  parties.lists.notices.pop();
  await searchLists(visitor);
  assert.ok((await faults(visitor))[0]?.includes('withdrawn'));
});

test('two lists of one number are kept as evidence', async () => {
  const { parties, visitor } = await enrolled();
  await searchLists(visitor);
  const { domain, seeds, now } = parties;
  const other = publishNotice(domain, 0, now, '', [], randomBytes(32), seeds[Role.AUTHORITY], seeds[Role.OPERATOR]);
  parties.lists.notices[0] = PublishedNotice.toBytes(other);
  await searchLists(visitor);
  assert.ok((await faults(visitor))[0]?.includes('conflicting'));
  assert.deepEqual(await visitor.store.get('list/notices.authority/conflict'), parties.lists.notices[0]);
});

test('a notice that one party alone signed is not taken', async () => {
  const { parties, visitor, u } = await visited();
  const { domain, seeds, now } = parties;
  const alone = publishNotice(
    domain,
    1,
    now,
    '전화하세요',
    [u],
    randomBytes(32),
    seeds[Role.AUTHORITY],
    seeds[Role.AUTHORITY],
  );
  parties.lists.notices.push(PublishedNotice.toBytes(alone));
  await searchLists(visitor);
  assert.deepEqual((await found(visitor)).notices, []);
  assert.ok((await faults(visitor))[0]?.includes('refused'));
});

test('a party that is away hides nothing of the other', async () => {
  const { parties, visitor, u } = await visited();
  parties.publish({ openings: openingOf([u]) });
  for (const path of ['authority GET /v1/notices', 'authority GET /v1/disclosures']) {
    parties.answers.set(path, () => {
      throw new Unreachable('no answer');
    });
  }
  await searchLists(visitor);
  assert.equal((await found(visitor)).openings.length, 1);
  assert.deepEqual(
    (await faults(visitor)).map((some) => some?.includes('unreachable')),
    [true, false, true],
  );
});

test('what was found goes with its visit', async () => {
  const { parties, visitor, u } = await visited();
  parties.publish({ passes: [u] });
  await searchLists(visitor);
  parties.now += 130 * EPOCH_SECONDS;
  await visitor.change((wallet) => ({ wallet, value: null }));
  assert.deepEqual(await visitor.findings.read('notices.authority'), NOTHING);
});

test('a source says so much about a pass and no more', () => {
  const u = randomBytes(32);
  const many = Array.from({ length: MAX_FOR_PASS + 1 }, (_, number) => ({ u, number, advice: 'x' }));
  const kept = withMore(withMore(NOTHING, many), many);
  assert.deepEqual([kept.notices.length, kept.leftOut], [MAX_FOR_PASS, 1]);
  assert.deepEqual(about(kept, new Set()), NOTHING);
  assert.deepEqual(Findings.fromBytes(Findings.toBytes(kept)), kept);
});
