/** What a door decides with and without its server, and what it delivers. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomBytes } from '@noble/hashes/utils.js';
import {
  DECISIONS,
  NEEDS_SERVER,
  NOT_STORED,
  NO_ANSWER,
  PAPER_SHOWN_AGAIN,
  REVOKED,
  WRONG_CLOCK,
} from '../../door/words.js';
import { AssistedCheckIn, verifyAssisted } from '../../protocol/assistedCheckIns.js';
import { CheckInMessage } from '../../protocol/checkIns.js';
import { Role } from '../../protocol/epochs.js';
import { Decision } from '../../protocol/httpMessages.js';
import { PAPER_PREFIX } from '../../protocol/paperPasses.js';
import { fromQrText } from '../../protocol/qrText.js';
import { createEpoch } from '../parties/epochs.js';
import { openDoor } from './imitated.js';

const ENTER = { kind: 'enter', reason: null };
const EXIT = { kind: 'exit', reason: null };
/** @param {Decision} decision */
const refused = (decision) => ({ kind: 'no', reason: DECISIONS[decision] });
/** @param {string} text */
const bytesOf = (text) => CheckInMessage.toBytes(fromQrText(text));

test('who is admitted comes in once and leaves once, and the server knows at once', async () => {
  const { door, server, codes } = await openDoor();
  const [{ entry, exit }] = await codes(1);
  assert.deepEqual(await door.decide(entry), ENTER);
  assert.deepEqual(await door.decide(entry), refused(Decision.ALREADY_SPENT));
  assert.deepEqual(await door.decide(exit), EXIT);
  assert.deepEqual(await door.decide(exit), refused(Decision.ALREADY_SPENT));
  assert.deepEqual(
    server.deliveries.map(({ checkIns }) => checkIns.length),
    [1, 1],
  );
  assert.deepEqual([door.counts.entries, door.counts.exits, door.deliveries.count], [1, 1, 0]);
});

test('without its server the door goes on, also after it was opened anew, and delivers later', async () => {
  const { door, server, reopen, codes } = await openDoor();
  const [one, other] = await codes(2);
  server.isAway = true;
  assert.deepEqual(await door.decide(one.entry), ENTER);
  const again = await reopen();
  assert.deepEqual(await again.decide(one.entry), refused(Decision.ALREADY_SPENT));
  assert.deepEqual(await again.decide(one.exit), EXIT);
  assert.deepEqual(await again.decide(other.entry), ENTER);
  assert.equal(again.deliveries.count, 3);
  server.isAway = false;
  await again.deliveries.send();
  assert.deepEqual(server.deliveries[0].checkIns, [one.entry, other.entry, one.exit].map(bytesOf).sort(byPlace));
  assert.equal(again.deliveries.count, 0);

  /** Entries before exits. @param {Uint8Array} left @param {Uint8Array} right */
  function byPlace(left, right) {
    return CheckInMessage.fromBytes(left).direction - CheckInMessage.fromBytes(right).direction;
  }
});

test('a pass that came in at another door is refused here, at once or when it is delivered', async () => {
  const { door, server, store, codes } = await openDoor();
  const [one, other] = await codes(2);
  server.admitElsewhere(bytesOf(one.entry));
  assert.deepEqual(await door.decide(one.entry), refused(Decision.ALREADY_SPENT));
  assert.deepEqual(await store.rows(), []);
  server.admitElsewhere(bytesOf(other.entry));
  server.isAway = true;
  assert.deepEqual(await door.decide(other.entry), ENTER);
  server.isAway = false;
  await door.deliveries.send();
  const [late] = await store.refused();
  assert.deepEqual([late.decision, late.time], [Decision.ALREADY_SPENT, fromQrText(other.entry).time]);
});

test('an exit whose entry another door has is decided by the server, and let out without it', async () => {
  const { door, server, codes } = await openDoor();
  const [one, other] = await codes(2);
  assert.deepEqual(await door.decide(other.exit), refused(Decision.NO_ENTRY));
  server.admitElsewhere(bytesOf(one.entry));
  assert.deepEqual(await door.decide(one.exit), EXIT);
  server.isAway = true;
  assert.deepEqual(await door.decide(other.exit), EXIT);
});

test('an answer that was lost costs nobody anything', async () => {
  const { door, server, store, codes } = await openDoor();
  const [{ entry }] = await codes(1);
  server.losesAnswers = true;
  assert.deepEqual(await door.decide(entry), ENTER);
  server.losesAnswers = false;
  await door.deliveries.send();
  assert.deepEqual(await store.refused(), []);
  assert.equal(door.deliveries.count, 0);
});

test('a server that is slow is not waited for', async () => {
  const { door, server, codes } = await openDoor();
  const [one, other] = await codes(2);
  const deliver = server.deliver.bind(server);
  let answer = () => {};
  server.deliver = async (...delivery) => {
    await new Promise((resolve) => {
      answer = () => resolve(undefined);
    });
    return deliver(...delivery);
  };
  assert.deepEqual(await door.decide(one.entry), ENTER);
  assert.equal(door.deliveries.isOnline, false);
  assert.deepEqual(await door.decide(other.entry), ENTER); // at once, with nothing that could end a wait
  server.deliver = deliver;
  answer();
  await door.deliveries.send();
  assert.equal(door.deliveries.count, 0);
});

test('what the server says is past never passes over what waits', async () => {
  const { door, server, parties, codes } = await openDoor();
  const [{ entry }] = await codes(1);
  await door.deliveries.send();
  server.isAway = true;
  assert.deepEqual(await door.decide(entry), ENTER);
  parties.now += 7200;
  server.isAway = false;
  server.hasNoKeys = true;
  await door.deliveries.send();
  await door.deliveries.send();
  assert.ok(server.since < fromQrText(entry).time);
  server.hasNoKeys = false;
  await door.deliveries.send();
  assert.equal(door.deliveries.count, 0);
  await door.deliveries.send();
  assert.ok(server.since > fromQrText(entry).time);
  assert.ok(server.since <= parties.now);
});

test('many are delivered in parts', async () => {
  const { server, store, reopen, codes } = await openDoor();
  const [{ entry }] = await codes(1);
  const waiting = bytesOf(entry);
  const rows = Array.from({ length: 250 }, (_, i) => ({
    ...{ name: `7 0 ${i} 1`, domain: 7, epoch: 0, u: Uint8Array.of(i), direction: /** @type {1} */ (1), time: 15 * i },
    ...{ at: i, waiting },
  }));
  await store.change({ rows });
  const door = await reopen();
  await door.deliveries.send();
  assert.deepEqual(
    server.deliveries.map(({ checkIns }) => checkIns.length),
    [100, 100, 50],
  );
  assert.equal(server.deliveries[2].since, 0);
});

test('a shift ends when everything has arrived', async () => {
  const { door, server, codes } = await openDoor();
  const [{ entry }] = await codes(1);
  server.isAway = true;
  assert.deepEqual(await door.decide(entry), ENTER);
  await door.deliveries.endShift();
  server.isAway = false;
  await door.deliveries.send();
  assert.deepEqual(
    server.deliveries.map(({ duty, checkIns }) => [duty, checkIns.length]),
    [
      [1, 1],
      [0, 0],
    ],
  );
});

test('with a wrong clock the door goes by its server, and not alone', async () => {
  const { door, server, device, store, codes } = await openDoor();
  const [one, other] = await codes(2);
  device.ahead = 90;
  await door.deliveries.send();
  assert.ok(Math.abs(door.clock.warning + 90) <= 1);
  assert.deepEqual(await door.decide(one.entry), ENTER);
  server.isAway = true;
  assert.deepEqual(await door.decide(other.entry), { kind: 'undecided', reason: WRONG_CLOCK });
  assert.deepEqual(await door.decide(other.entry), { kind: 'undecided', reason: WRONG_CLOCK });
  assert.equal((await store.rows()).length, 1);
  device.ahead = 0;
  server.isAway = false;
  await door.deliveries.send();
  server.isAway = true;
  device.ahead = -90;
  assert.deepEqual(await door.decide(other.entry), { kind: 'undecided', reason: WRONG_CLOCK });
});

test('nobody is admitted whose check-in cannot be stored', async () => {
  const { door, store, server, codes } = await openDoor();
  const [{ entry }] = await codes(1);
  store.isFull = true;
  assert.deepEqual(await door.decide(entry), { kind: 'undecided', reason: NOT_STORED });
  assert.deepEqual(server.deliveries, []);
  store.isFull = false;
  assert.deepEqual(await door.decide(entry), ENTER);
});

test('a reader that was revoked admits nobody any more, and keeps what waits', async () => {
  const { door, server, store, codes } = await openDoor();
  const [one] = await codes(1);
  server.isAway = true;
  assert.deepEqual(await door.decide(one.entry), ENTER);
  server.isAway = false;
  server.isRevoked = true;
  await door.deliveries.send();
  assert.deepEqual(await door.decide(one.exit), { kind: 'undecided', reason: REVOKED });
  assert.equal((await store.rows()).length, 1);
});

test('paper is decided by the server alone', async () => {
  const { door, server, paper, store } = await openDoor();
  assert.deepEqual(await door.decide(`${PAPER_PREFIX}NOTHING`), refused(Decision.UNREADABLE));
  server.isAway = true;
  assert.deepEqual(await door.decide(paper), { kind: 'undecided', reason: NEEDS_SERVER });
  server.isAway = false;
  assert.deepEqual(await door.decide(paper), ENTER);
  assert.deepEqual(await door.decide(paper), { kind: 'no', reason: PAPER_SHOWN_AGAIN });
  assert.deepEqual(await store.rows(), []);
});

test('who has neither phone nor paper is sealed here, and the server has no name', async () => {
  const { door, server, parties, today } = await openDoor();
  assert.deepEqual(await door.assist({ name: '홍길동', phone: '+821012345678' }), ENTER);
  const { key } = /** @type {any} */ (parties.epochs.get(today()));
  const [sealed] = server.assisted;
  assert.equal(verifyAssisted(key, AssistedCheckIn.fromBytes(sealed)), today());
  assert.ok(!new TextDecoder('latin1').decode(sealed).includes('1012345678'));
  server.isAway = true;
  assert.deepEqual(await door.assist({ name: '홍길동', phone: '+821012345678' }), {
    kind: 'undecided',
    reason: NO_ANSWER,
  });
});

test('a second statement for one day is kept as evidence, and then there is no key', async () => {
  const { door, server, parties, today, reopen, codes } = await openDoor();
  const [{ entry }] = await codes(1);
  const seed = parties.seeds[Role.OPERATOR];
  const { statement } = createEpoch(parties.domain, Role.OPERATOR, today(), seed, randomBytes);
  const honest = server.told;
  const [of] = honest.domains;
  const epochs = of.epochs.map((one) => (one.epoch === today() ? { ...one, operator: statement } : one));
  await door.keys.learn({ ...honest, domains: [{ ...of, epochs }] });
  await door.keys.learn(honest);
  for (const one of [door, await reopen()]) {
    assert.deepEqual(await one.decide(entry), { kind: 'undecided', reason: DECISIONS[Decision.UNKNOWN_EPOCH] });
  }
});

test('what does not hold takes the place of nothing', async () => {
  const { door, server, today, codes } = await openDoor();
  const [{ entry }] = await codes(1);
  const [of] = server.told.domains;
  const epochs = of.epochs.map((one) => ({ ...one, operator: one.authority }));
  await door.keys.learn({ ...server.told, domains: [{ ...of, epochs }] });
  assert.ok(door.keys.epochKey(of.domain.number, today()));
  assert.deepEqual(await door.decide(entry), ENTER);
});

test('passes of days that are over are forgotten', async () => {
  const { door, store, parties, codes } = await openDoor();
  const [{ entry }] = await codes(1);
  assert.deepEqual(await door.decide(entry), ENTER);
  parties.now += 86_400;
  await door.refresh(0);
  assert.equal((await store.rows()).length, 1); // whoever came in late may still leave
  parties.now += 86_400;
  await door.refresh(0);
  assert.deepEqual(await store.rows(), []);
});
