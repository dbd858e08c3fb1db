/** Decisions that the vectors do not try: several domains, and a domain that is being removed. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Book } from '../../door/book.js';
import { Gate } from '../../door/gate.js';
import { Direction } from '../../protocol/checkIns.js';
import { Decision } from '../../protocol/httpMessages.js';
import { openEntries, openExits } from '../../visitor/visits.js';
import { NOON, supplied } from '../visitor/imitated.js';

const VENUE = new Uint8Array(16).fill(5);

/** A gate for the parties of a visitor, and the texts of the visitor's entry and exit. */
async function atDoor() {
  const { parties, visitor } = await supplied();
  const [entry] = await openEntries(visitor, 1);
  const [exit] = await openExits(visitor, (await visitor.wallet()).visits);
  const { domain } = parties;
  const of = {
    domain,
    tolerance: 30,
    closed: false,
    epochKey: (/** @type {number} */ epoch) => parties.epochs.get(epoch)?.key,
  };
  const gate = new Gate(VENUE, (number) => (number === domain.number ? of : undefined), new Book());
  return { gate, of, entry: entry.text(NOON), exit: exit.text(NOON) };
}

test('who came in once leaves once', async () => {
  const { gate, entry, exit } = await atDoor();
  assert.equal(gate.decideText(exit, NOON), Decision.NO_ENTRY);
  assert.equal(gate.decideText(entry, NOON), Decision.ADMITTED);
  assert.equal(gate.decideText(entry, NOON), Decision.ALREADY_SPENT);
  assert.equal(gate.decideText(exit, NOON), Decision.ADMITTED);
  assert.equal(gate.decideText(exit, NOON), Decision.ALREADY_SPENT);
  assert.deepEqual(
    gate.book.all.map(({ direction }) => direction),
    [Direction.ENTRY, Direction.EXIT],
  );
});

test('a domain that is being removed lets out and not in', async () => {
  const { gate, of, entry, exit } = await atDoor();
  assert.equal(gate.decideText(entry, NOON), Decision.ADMITTED);
  of.closed = true;
  assert.equal(gate.decideText(entry, NOON), Decision.UNKNOWN_DOMAIN);
  assert.equal(gate.decideText(exit, NOON), Decision.ADMITTED);
});

test('what is checked is in the book only once it is admitted', async () => {
  const { gate, entry } = await atDoor();
  assert.equal(gate.decideText(entry.slice(0, -1), NOON), Decision.UNREADABLE);
  assert.equal(gate.decideText(entry, NOON + 60), Decision.TOO_OLD);
  assert.equal(gate.decideText(entry, NOON - 60), Decision.TOO_EARLY);
  assert.deepEqual(gate.book.all, []);
});
