/** A venue's server and a door's browser in memory, for visitors of imitated parties. */

import { bytesToHex, randomBytes } from '@noble/hashes/utils.js';
import { Book } from '../../door/book.js';
import { DoorClock } from '../../door/clock.js';
import { Door } from '../../door/door.js';
import { Gate } from '../../door/gate.js';
import { CheckInMessage, Direction } from '../../protocol/checkIns.js';
import { Openness } from '../../protocol/deliveries.js';
import { Role, epochAt } from '../../protocol/epochs.js';
import { Decision } from '../../protocol/httpMessages.js';
import { Problem, Unreachable } from '../../ui/problems.js';
import { printPapers } from '../../visitor/papers.js';
import { fetchPasses } from '../../visitor/passes.js';
import { openEntries, openExits } from '../../visitor/visits.js';
import { enrolled } from '../visitor/imitated.js';

/**
 * @import { DoorAnswer } from '../../protocol/httpMessages.js'
 * @import { Delivery, DoorView } from '../../protocol/deliveries.js'
 * @import { ImitatedParties } from '../visitor/imitated.js'
 * @import { Row, Changes, Refused } from '../../door/store.js'
 */

const VENUE = new Uint8Array(16).fill(5);

/** What a door's database does, in memory. `isFull`: it stores nothing any more. */
export class MemoryDoorStore {
  /** @type {Map<string, any>} */
  values = new Map();
  /** @type {Map<string, Row>} */
  admitted = new Map();
  /** @type {Refused[]} */
  late = [];
  isFull = false;

  /** @param {string} name */
  async get(name) {
    return this.values.get(name);
  }

  /** @param {string} name @param {unknown} value */
  async put(name, value) {
    await this.change({ values: { [name]: value } });
  }

  async rows() {
    return [...this.admitted.values()];
  }

  /** @param {Row} row */
  async add(row) {
    if (this.isFull || this.admitted.has(row.name)) throw new DOMException('no room', 'QuotaExceededError');
    this.admitted.set(row.name, row);
  }

  async refused() {
    return this.late;
  }

  async forgetRefused() {
    this.late = [];
  }

  /** @param {Record<string, unknown>} [values] */
  async beginAnew(values = {}) {
    this.values = new Map(Object.entries(values));
    this.admitted.clear();
    this.late = [];
  }

  /** @param {Changes} changes */
  async change({ rows = [], gone = [], late = [], values = {} }) {
    for (const row of rows) this.admitted.set(row.name, row);
    for (const name of gone) this.admitted.delete(name);
    this.late.push(...late);
    for (const [name, value] of Object.entries(values)) {
      if (value === undefined) this.values.delete(name);
      else this.values.set(name, value);
    }
  }
}

/** The server of a venue. `isAway`: it does not answer; `losesAnswers`: it does its work, and nobody hears of it. */
export class ImitatedServer {
  isAway = false;
  losesAnswers = false;
  isRevoked = false;
  /** Whether it lacks the keys of all days. */
  hasNoKeys = false;
  /** @type {Delivery[]} */
  deliveries = [];
  /** @type {Map<string, number>} */
  #answered = new Map();
  #book = new Book();
  /** @type {Set<string>} */
  #papers = new Set();
  /** @type {Uint8Array[]} */
  assisted = [];
  since = 0;

  /** @param {ImitatedParties} parties */
  constructor(parties) {
    this.parties = parties;
  }

  /** @returns {DoorView} */
  get told() {
    const { domain, epochs, now } = this.parties;
    const known = [...epochs].map(([epoch, { statements }]) => ({
      epoch,
      operator: statements[Role.OPERATOR],
      authority: statements[Role.AUTHORITY],
    }));
    const of = { domain, tolerance: 30, openness: Openness.OPEN, epochs: known };
    return { time: now, venueId: VENUE, name: '○○카페', door: 'front door', assisted: 7, domains: [of] };
  }

  async view() {
    this.#ask();
    return this.told;
  }

  /** @param {Uint8Array} _token @param {Delivery} delivery */
  async deliver(_token, delivery) {
    this.#ask();
    this.deliveries.push(delivery);
    this.since = Math.max(this.since, delivery.since);
    const decisions = delivery.checkIns.map((encoding) => this.#decide(encoding));
    if (this.losesAnswers) throw new Unreachable('the answer was lost');
    return { time: this.parties.now, decisions };
  }

  /** Another door of the venue admits somebody. @param {Uint8Array} encoding */
  admitElsewhere(encoding) {
    return this.#gate.decide(CheckInMessage.fromBytes(encoding), this.parties.now);
  }

  /** @param {Uint8Array} _token @param {Uint8Array} paper @returns {Promise<DoorAnswer>} */
  async paper(_token, paper) {
    this.#ask();
    const isNew = !this.#papers.has(bytesToHex(paper));
    this.#papers.add(bytesToHex(paper));
    return isNew
      ? { decision: Decision.ADMITTED, direction: Direction.ENTRY }
      : { decision: Decision.ALREADY_SPENT, direction: null };
  }

  /** @param {Uint8Array} _token @param {Uint8Array} checkIn @returns {Promise<DoorAnswer>} */
  async assist(_token, checkIn) {
    this.#ask();
    this.assisted.push(checkIn);
    return { decision: Decision.ADMITTED, direction: Direction.ENTRY };
  }

  /** @param {Uint8Array} encoding */
  #decide(encoding) {
    const message = CheckInMessage.fromBytes(encoding);
    const name = bytesToHex(encoding);
    if (this.hasNoKeys) return Decision.UNKNOWN_EPOCH;
    const before = this.#answered.get(name);
    if (before !== undefined) return /** @type {Decision} */ (before);
    const decision = message.time < this.since - 30 ? Decision.TOO_OLD : this.#gate.decide(message, message.time);
    this.#answered.set(name, decision);
    return decision;
  }

  get #gate() {
    const { domain, epochs } = this.parties;
    const epochKey = (/** @type {number} */ epoch) => epochs.get(epoch)?.key;
    return new Gate(VENUE, () => ({ domain, tolerance: 30, closed: false, epochKey }), this.#book);
  }

  #ask() {
    if (this.isRevoked) throw new Problem(401, 'unauthenticated', 'this is no token of a reader');
    if (this.isAway) throw new Unreachable('the venue does not answer');
  }
}

/** A door that has its keys, and what surrounds it. */
export async function openDoor() {
  const { parties, visitor } = await enrolled();
  await fetchPasses(visitor, parties.today);
  const server = new ImitatedServer(parties);
  const store = new MemoryDoorStore();
  const device = { ahead: 0 };
  const open = async () => {
    const clock = new DoorClock(() => parties.now + device.ahead);
    const door = await Door.open(/** @type {any} */ (store), /** @type {any} */ (server), clock, randomBytes(32));
    return door;
  };
  const door = await open();
  await door.refresh();
  return {
    parties,
    server,
    store,
    device,
    door,
    reopen: open,
    /** The texts of an entry and an exit of each of some people. @param {number} people */
    codes: async (people) => {
      const screens = await openEntries(visitor, people);
      const group = (await visitor.wallet()).visits.slice(-people);
      const exits = await openExits(visitor, group);
      return screens.map((screen, place) => ({
        entry: screen.text(parties.now),
        exit: exits[place].text(parties.now),
      }));
    },
    /** The text of a paper. */
    paper: (await printPapers(visitor, parties.today, 1))[0],
    today: () => epochAt(parties.domain, parties.now),
  };
}
