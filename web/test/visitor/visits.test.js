/** What is shown and sent of passes. As `tests/client/test_visits.py`, `test_groups.py` and `test_posters.py`. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { hexToBytes, randomBytes } from '@noble/hashes/utils.js';
import { CheckInMessage, Direction, MAX_STAY, signedPassParts, verifyCheckIn } from '../../protocol/checkIns.js';
import { Domain, epochBegins } from '../../protocol/epochs.js';
import { Decision, DoorAnswer } from '../../protocol/httpMessages.js';
import { fromPaperText } from '../../protocol/paperPasses.js';
import { SplitPassError, WrongEpoch } from '../../protocol/primitives/errors.js';
import { JointStatement } from '../../protocol/primitives/statements.js';
import { fromQrText } from '../../protocol/qrText.js';
import { Venue } from '../../protocol/warrants.js';
import { Unreachable } from '../../ui/problems.js';
import { NoPassLeft, NoVisit } from '../../visitor/errors.js';
import { printPapers } from '../../visitor/papers.js';
import { fetchPoster, readPoster } from '../../visitor/poster.js';
import { checkIn, checkOut, inside, openEntries, openExits, unanswered } from '../../visitor/visits.js';
import { groupsOf, whoCanLeave } from '../../visitor/wallet.js';
import { verifyPaper } from '../parties/paperPasses.js';
import { publicKey, signStatement } from '../parties/signing.js';
import { ALLOWANCE, ImitatedParties, supplied } from './imitated.js';

const vectors = JSON.parse(readFileSync(new URL('../../../spec/vectors/poster-link.json', import.meta.url), 'utf8'));

/** @param {ImitatedParties} parties @param {Partial<Venue>} [changes] */
function posterOf({ domain, seeds }, changes = {}) {
  const key = publicKey(randomBytes(32));
  const record = {
    domain: domain.number,
    venueId: randomBytes(16),
    name: '○○카페',
    url: 'https://door.example',
    key,
    ...changes,
  };
  const joint = { operator: signStatement(Venue, record, seeds[1]), authority: signStatement(Venue, record, seeds[2]) };
  const id = [...record.venueId].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return /** @type {const} */ ([`${record.url}/v/${id}`, JointStatement.toBytes(joint)]);
}

/** A door that keeps what it was sent, and answers. @param {(sent: number) => Decision | Error} decide */
function doorWith(decide) {
  const sent = /** @type {CheckInMessage[]} */ ([]);
  const call = async (/** @type {string} */ _method, /** @type {string} */ _url, /** @type {Uint8Array} */ body) => {
    const checkIn = CheckInMessage.fromBytes(body);
    sent.push(checkIn);
    const decision = decide(sent.length);
    if (decision instanceof Error) throw decision;
    const direction = decision === Decision.ADMITTED ? checkIn.direction : null;
    return DoorAnswer.toBytes({ decision, direction });
  };
  return { sent, client: /** @type {any} */ ({ call }) };
}

/** @param {ImitatedParties} parties @param {string} text */
function read(parties, text) {
  const message = fromQrText(text);
  const { key } = /** @type {any} */ (parties.epochs.get(parties.today));
  return { ...verifyCheckIn(key, message), u: signedPassParts(message).u };
}

test('every opening takes another pass until none is left, and the code is signed anew for each time', async () => {
  const { parties, visitor } = await supplied();
  const seen = new Set();
  for (let opening = 0; opening < ALLOWANCE; opening += 1) {
    const [screen] = await openEntries(visitor, 1);
    const [first, second] = [screen.text(parties.now), screen.text(parties.now + 15)];
    assert.notEqual(first, second);
    assert.deepEqual(read(parties, first).u, read(parties, second).u);
    seen.add(read(parties, first).u.join());
  }
  assert.equal(seen.size, ALLOWANCE);
  await assert.rejects(openEntries(visitor, 1), NoPassLeft);
});

test('the wallet says that a pass is used before it is shown', async () => {
  const { visitor } = await supplied();
  await openEntries(visitor, 2);
  const { days, visits } = await visitor.wallet();
  assert.deepEqual([days[0].passes.length, visits.length], [ALLOWANCE - 2, 2]);
  await assert.rejects(openEntries(visitor, 2), NoPassLeft, 'a group gets passes for all or none');
  assert.equal((await visitor.wallet()).days[0].passes.length, ALLOWANCE - 2);
});

test('openings at once never show one pass', async () => {
  const { parties, visitor } = await supplied();
  const screens = (await Promise.all([openEntries(visitor, 1), openEntries(visitor, 1)])).flat();
  assert.equal(new Set(screens.map((screen) => read(parties, screen.text(parties.now)).u.join())).size, 2);
});

test('an entry screen ends at midnight, and an exit keeps the epoch of its entry', async () => {
  const { parties, visitor } = await supplied();
  const midnight = epochBegins(parties.domain, parties.today + 1);
  parties.now = midnight - 60;
  const [screen] = await openEntries(visitor, 1);
  assert.throws(() => screen.text(midnight), WrongEpoch);
  const [group] = groupsOf(await visitor.wallet());
  parties.now = midnight + 600;
  const [exit] = await openExits(visitor, group);
  assert.equal(fromQrText(exit.text(parties.now)).direction, Direction.EXIT);
  await assert.rejects(openEntries(visitor, 1), NoPassLeft, 'passes of yesterday are not shown today');
});

test('an exit comes too late after twelve hours, and can be shown again before', async () => {
  const { parties, visitor } = await supplied();
  await openEntries(visitor, 1);
  const [group] = groupsOf(await visitor.wallet());
  await openExits(visitor, whoCanLeave(group));
  assert.equal(whoCanLeave(groupsOf(await visitor.wallet())[0]).length, 1);
  parties.now += MAX_STAY + 1;
  const [late] = groupsOf(await visitor.wallet());
  assert.throws(() => whoCanLeave(late), NoVisit);
});

test('a check-in by poster is bound to the venue, remembered, and left by the same pass', async () => {
  const { parties, visitor } = await supplied();
  const venue = readPoster(parties.domain, ...posterOf(parties));
  const { sent, client } = doorWith(() => Decision.ADMITTED);
  assert.deepEqual(await checkIn(visitor, client, venue, 2), [Decision.ADMITTED, Decision.ADMITTED]);
  assert.equal((await inside(visitor, venue)).length, 2);
  const [group] = groupsOf(await visitor.wallet());
  assert.deepEqual(await checkOut(visitor, client, group), [Decision.ADMITTED, Decision.ADMITTED]);
  assert.ok(sent.every(({ venueId }) => venueId?.join() === venue.venueId.join()));
  assert.deepEqual(sent.map(signedPassParts)[0].u, sent.map(signedPassParts)[2].u);
  assert.equal((await inside(visitor, venue)).length, 0);
});

test('a refusal is remembered, and an entry without an answer has used its pass', async () => {
  const { parties, visitor } = await supplied();
  const venue = readPoster(parties.domain, ...posterOf(parties));
  const refusing = doorWith(() => Decision.TOO_OLD);
  assert.deepEqual(await checkIn(visitor, refusing.client, venue, 1), [Decision.TOO_OLD]);
  const silent = doorWith(() => new Unreachable('no answer'));
  await assert.rejects(checkIn(visitor, silent.client, venue, 1), Unreachable);
  const [refused, lost] = groupsOf(await visitor.wallet());
  assert.throws(() => whoCanLeave(refused), NoVisit);
  assert.deepEqual([refused[0].answer, lost[0].answer], [Decision.TOO_OLD, null]);
  assert.deepEqual(await unanswered(visitor, venue), lost);
  assert.equal((await visitor.wallet()).days[0].passes.length, ALLOWANCE - 2);
  await checkIn(visitor, doorWith(() => Decision.ADMITTED).client, venue, 1);
  assert.deepEqual(await unanswered(visitor, venue), []);
});

test('an exit whose answer was lost is found to be over', async () => {
  const { parties, visitor } = await supplied();
  const venue = readPoster(parties.domain, ...posterOf(parties));
  const answers = [Decision.ADMITTED, new Unreachable('no answer'), Decision.ALREADY_SPENT];
  const { client } = doorWith((sent) => answers[sent - 1]);
  await checkIn(visitor, client, venue, 1);
  const group = () => visitor.wallet().then((wallet) => groupsOf(wallet)[0]);
  await assert.rejects(checkOut(visitor, client, await group()), Unreachable);
  assert.deepEqual(await checkOut(visitor, client, await group()), [Decision.ADMITTED]);
  assert.equal((await group())[0].exitPass, null);
});

test('a poster is looked up at its own host, by its own record', async () => {
  const parties = new ImitatedParties();
  const [link, record] = posterOf(parties);
  /** @type {string[]} */
  const asked = [];
  const client = {
    /** @param {string} _method @param {string} url */
    async call(_method, url) {
      asked.push(url);
      return record;
    },
  };
  const venue = await fetchPoster(client, parties.domain, link);
  assert.equal(venue.name, '○○카페');
  assert.deepEqual(asked, [`${link.replace('/v/', '/v1/venues/')}/${parties.domain.number}`]);
  await assert.rejects(fetchPoster(client, parties.domain, link.replace('door', 'evil')), SplitPassError);
  await assert.rejects(fetchPoster(client, parties.domain, 'https://door.example/'), SplitPassError);
  assert.equal(asked.length, 2, 'what is no link is looked up nowhere');
});

for (const { name, change = name, kind, check, result } of vectors.vectors) {
  test(`poster-link: ${change}`, () => {
    const read = () => readPoster(Domain.fromBytes(hexToBytes(check.domain)), check.link, hexToBytes(check.record));
    if (kind === 'reject') assert.throws(read, SplitPassError);
    else assert.deepEqual(Venue.toBytes(read()), hexToBytes(result.record));
  });
}

test('a printed pass is burned, its keys are gone, and a reader can sign for it', async () => {
  const { parties, visitor } = await supplied();
  const texts = await printPapers(visitor, parties.today, 2);
  const { key } = /** @type {any} */ (parties.epochs.get(parties.today));
  const papers = texts.map((text) => verifyPaper(key, fromPaperText(text)));
  const wallet = await visitor.wallet();
  assert.deepEqual(
    wallet.papers.map(({ u }) => u),
    papers.map(({ publicPass }) => publicPass.slice(0, 32)),
  );
  assert.equal(wallet.days[0].passes.length, ALLOWANCE - 2);
  await assert.rejects(printPapers(visitor, parties.today, 2), NoPassLeft);
});
