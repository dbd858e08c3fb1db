/**
 * Delivering what was admitted: at once where the server answers, and later where it does not. Spec: §5.5.
 *
 * What waits is kept until it was answered. The server is told the time before which nothing waits any more: then nobody
 * who has the token can deliver what would be older.
 *
 * @import { Decision as DecisionType } from '../protocol/httpMessages.js'
 * @import { DoorClock } from './clock.js'
 * @import { DoorServer } from './server.js'
 * @import { DoorStore, Refused, Row } from './store.js'
 */

import { COMMITMENT_DELAY, Duty, MAX_DELIVERY } from '../protocol/deliveries.js';
import { Decision } from '../protocol/httpMessages.js';
import { Malformed, MalformedEncoding } from '../protocol/primitives/errors.js';
import { Problem, Unreachable } from '../ui/problems.js';

const SINCE = 'since';
const CLOCK = 'clock';
/** How often the server hears of a door that has nothing to deliver. */
const HEARTBEAT_MILLISECONDS = 60_000;
/** How long a door waits before it tries again: at first, and at most. */
const [FIRST_WAIT, LONGEST_WAIT] = [2_000, 60_000];

/** So much earlier than now it says that nothing waits: a check-in may just be being stored. */
const MARGIN_SECONDS = 5;

/** What goes by itself, or when the server is there again. */
const EXPECTED = [Problem, Unreachable, Malformed, DOMException];

/** What waits for the server. */
export class Deliveries {
  /** Whether the door admits people just now. */
  onDuty = true;
  /** Whether the server answered the last time; null before the first. @type {boolean | null} */
  isOnline = null;
  /** Whether the server no longer knows this reader. */
  isRevoked = false;
  /** What the server refused too late: the door had let it pass. @type {Refused[]} */
  refused = [];
  onchange = () => {};
  #store;
  #server;
  #clock;
  #token;
  #since = 0;
  /** @type {Map<string, Row>} */
  #waiting = new Map();
  /** Who waits for the answer to a check-in. @type {Map<string, (decision: DecisionType | null) => void>} */
  #asking = new Map();
  /** @type {Promise<void> | null} */
  #running = null;
  /** What the server cannot decide yet. @type {Set<string>} */
  #heldBack = new Set();
  #isKept = false;
  #failures = 0;
  #timer = 0;

  /**
   * @param {Pick<DoorStore, 'get' | 'change' | 'refused' | 'forgetRefused'>} store @param {Pick<DoorServer, 'deliver' |
   * 'leave'>} server @param {DoorClock} clock @param {Uint8Array} token
   */
  constructor(store, server, clock, token) {
    this.#store = store;
    this.#server = server;
    this.#clock = clock;
    this.#token = token;
  }

  /** Go on with what waits. @param {Row[]} rows */
  async resume(rows) {
    this.#since = (await this.#store.get(SINCE)) ?? 0;
    this.#clock.resume(await this.#store.get(CLOCK));
    this.refused = await this.#store.refused();
    for (const row of inOrder(rows)) if (row.waiting) this.#waiting.set(row.name, row);
  }

  /** How many check-ins wait. */
  get count() {
    return this.#waiting.size;
  }

  /**
   * Deliver a check-in that is stored, and wait a little for the server's decision. Where it does not come, null: it is
   * delivered later.
   * @param {Row} row @param {number} milliseconds @returns {Promise<DecisionType | null>}
   */
  async ask(row, milliseconds) {
    this.#waiting.set(row.name, row);
    if (this.isOnline === false) {
      this.onchange();
      return null;
    }
    /** @type {Promise<DecisionType | null>} */
    const answered = new Promise((resolve) => {
      this.#asking.set(row.name, resolve);
      setTimeout(() => {
        if (!this.#asking.delete(row.name)) return;
        this.isOnline = false; // the next visitor waits for nobody, until there is an answer
        resolve(null);
      }, milliseconds);
    });
    this.send();
    const decision = await answered;
    this.onchange();
    return decision;
  }

  /** Whether a check-in waits. @param {string} name */
  has(name) {
    return this.#waiting.has(name);
  }

  /** No longer deliver a check-in. @param {Row} row */
  drop(row) {
    this.#waiting.delete(row.name);
  }

  /** Be on duty: keep the server informed, and deliver what waits, until the page is closed. */
  beginShift() {
    this.onDuty = true;
    if (!this.#isKept) this.#listen();
    this.#isKept = true;
    this.send();
  }

  #listen() {
    addEventListener('online', () => this.#wait(draw(FIRST_WAIT)));
    addEventListener('pageshow', ({ persisted }) => persisted && this.send());
    addEventListener('pagehide', () => this.#leave());
  }

  /** Forget what was refused too late: its staff have seen it. */
  async forgetRefused() {
    await this.#store.forgetRefused();
    this.refused = [];
    this.onchange();
  }

  /** Admit nobody any more: deliver what waits, and say so. */
  async endShift() {
    this.onDuty = false;
    await this.send();
  }

  /** Deliver everything that waits, and say whether the door is on duty. One delivery at a time. */
  async send() {
    if (this.isRevoked) return;
    this.#running ??= this.#sendAll().finally(() => {
      this.#running = null;
    });
    await this.#running;
  }

  /** Whether somebody may be admitted here, or what was admitted has not arrived. */
  get #duty() {
    return this.onDuty || this.#waiting.size > 0 ? Duty.ON : Duty.OFF;
  }

  async #sendAll() {
    clearTimeout(this.#timer);
    this.#heldBack.clear();
    let said;
    try {
      do said = await this.#sendSome();
      while (said !== this.#duty || this.#sendable.length > 0);
      this.#failures = 0;
      this.isOnline = true;
    } catch (error) {
      if (!EXPECTED.some((kind) => error instanceof kind)) throw error;
      this.isRevoked = error instanceof Problem && error.status === 401;
      this.#failures += 1;
      this.isOnline = false;
      for (const name of this.#asking.keys()) this.#claim(name)(null);
    }
    if (this.#isKept && !this.isRevoked && said !== Duty.OFF) this.#wait(this.#pause());
    this.onchange();
  }

  /** What waits and was not held back just now, the oldest first. */
  get #sendable() {
    return inOrder([...this.#waiting.values()]).filter(({ name }) => !this.#heldBack.has(name));
  }

  /** Deliver once; returns what it said of the duty. */
  async #sendSome() {
    const rows = this.#sendable.slice(0, MAX_DELIVERY);
    const [isAll, now, sent, duty] = [rows.length === this.count, this.#clock.now(), this.#clock.wall, this.#duty];
    const checkIns = rows.map(({ waiting }) => /** @type {Uint8Array} */ (waiting));
    const answer = await this.#server.deliver(this.#token, { since: this.#since, duty, checkIns });
    const received = this.#clock.wall;
    if (answer.decisions.length !== rows.length) throw new MalformedEncoding('a delivery has one answer for each');
    this.#clock.note(answer.time, sent, received);
    const answered = rows.map((row, place) => ({ row, decision: answer.decisions[place] }));
    const kept = answered.filter(
      ({ row, decision }) => decision === Decision.UNKNOWN_EPOCH && row.time > answer.time - COMMITMENT_DELAY,
    );
    for (const { row } of kept) {
      this.#heldBack.add(row.name);
      this.#claim(row.name)(null);
    }
    const passed = Math.min(now, answer.time - Math.ceil(received - sent)) - MARGIN_SECONDS;
    const since = isAll && kept.length === 0 ? Math.max(this.#since, passed) : this.#since;
    await this.#settle(
      answered.filter(({ row }) => !this.#heldBack.has(row.name)),
      since,
    );
    return duty;
  }

  /**
   * Keep what was answered, durably, and tell who waits for it.
   * @param {{ row: Row, decision: DecisionType }[]} answered @param {number} since
   */
  async #settle(answered, since) {
    const waiters = new Map(answered.map(({ row: { name } }) => [name, this.#asking.has(name) && this.#claim(name)]));
    const isLate = (/** @type {Row} */ { name }) => !waiters.get(name);
    const refused = answered.filter(({ decision }) => decision !== Decision.ADMITTED);
    const passed = answered.filter(({ row, decision }) => decision === Decision.ADMITTED || isLate(row));
    const late = refused.filter(({ row }) => isLate(row)).map(asRefused);
    try {
      await this.#store.change({
        rows: passed.map(({ row }) => ({ ...row, waiting: null })),
        gone: refused.filter(({ row }) => !isLate(row)).map(({ row }) => row.name),
        late,
        values: { [SINCE]: since, [CLOCK]: this.#clock.known },
      });
    } catch (error) {
      for (const tell of waiters.values()) if (tell) tell(null);
      throw error;
    }
    this.#since = since;
    this.refused = [...this.refused, ...late];
    for (const { row, decision } of answered) {
      const tell = waiters.get(row.name);
      this.#waiting.delete(row.name);
      if (tell) tell(decision);
    }
  }

  /** Answer who waits for a check-in, if somebody does. @param {string} name */
  #claim(name) {
    const tell = this.#asking.get(name) ?? (() => {});
    this.#asking.delete(name);
    return tell;
  }

  /** Send nothing any more: another window does, or a new pairing has come. */
  retire() {
    this.#isKept = false;
    clearTimeout(this.#timer);
  }

  /** When the page is closed and nothing waits, the door is not on duty any more. */
  #leave() {
    if (this.count > 0 || this.isRevoked || !this.#isKept) return;
    this.#server.leave(this.#token, { since: this.#since, duty: Duty.OFF, checkIns: [] });
  }

  /** When to try again: with jitter, so that all doors do not come at once when a server is back. */
  #pause() {
    if (this.isOnline) return HEARTBEAT_MILLISECONDS;
    const longest = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** (this.#failures - 1));
    return longest / 2 + draw(longest / 2);
  }

  /** @param {number} milliseconds */
  #wait(milliseconds) {
    clearTimeout(this.#timer);
    this.#timer = Number(setTimeout(() => this.send(), milliseconds));
  }
}

/** Entries before exits of one time. @param {Row[]} rows */
const inOrder = (rows) => [...rows].sort((one, other) => one.time - other.time || one.direction - other.direction);

/** @param {{ row: Row, decision: DecisionType }} answered @returns {Refused} */
const asRefused = ({ row: { direction, time, at }, decision }) => ({ direction, time, at, decision });

/** @param {number} end @returns {number} */
const draw = (end) => Math.random() * end;
