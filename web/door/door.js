/**
 * The door: decides on codes by itself, and lets its server have the last word where that answers quickly. Spec: §3.8,
 * §5.5.
 *
 * What it admits is stored before anybody is told. Papers, and people without a phone, need the server.
 *
 * @import { CheckInMessage, Direction as DirectionType } from '../protocol/checkIns.js'
 * @import { Decision as DecisionType, DoorAnswer } from '../protocol/httpMessages.js'
 * @import { Pair } from '../ui/language.js'
 * @import { Admitted } from './book.js'
 * @import { DoorClock } from './clock.js'
 * @import { DoorServer } from './server.js'
 * @import { DoorStore, Row } from './store.js'
 */

import { AssistedCheckIn, sealAssisted } from '../protocol/assistedCheckIns.js';
import { CheckInMessage as CheckIn, Direction, TIME_STEP } from '../protocol/checkIns.js';
import { Openness } from '../protocol/deliveries.js';
import { epochAt } from '../protocol/epochs.js';
import { Decision } from '../protocol/httpMessages.js';
import { PAPER_PREFIX, PaperPass, fromPaperText } from '../protocol/paperPasses.js';
import { Malformed } from '../protocol/primitives/errors.js';
import { secureRandom } from '../protocol/primitives/group.js';
import { fromQrText } from '../protocol/qrText.js';
import { Problem, Unreachable } from '../ui/problems.js';
import { Book, nameOf } from './book.js';
import { Deliveries } from './delivering.js';
import { Gate } from './gate.js';
import { Keys } from './keys.js';
import * as words from './words.js';

/**
 * What staff see. `reason` is null where the word says it all.
 * @typedef {{ kind: 'enter' | 'exit' | 'no' | 'undecided', reason: Pair | null }} Answer
 */

/**
 * How many passed this door on a day, for its staff.
 * @typedef {{ day: string, entries: number, exits: number }} Counts
 */

/** How long a visitor waits for the server before the door decides alone: a check-in is to be answered in a second. */
const PATIENCE_MILLISECONDS = 600;
/** The same where the door may not decide alone. */
const NEEDED_MILLISECONDS = 6_000;
const REFRESH_MILLISECONDS = 3_600_000;
const LEAST_REFRESH_MILLISECONDS = 60_000;
const COUNTS = 'counts';

/** A paired door. Open one with `Door.open`. */
export class Door {
  /** Called when something that staff see has changed. */
  onchange = () => {};
  /** @type {Counts} */
  counts = { day: '', entries: 0, exits: 0 };
  #store;
  #server;
  #token;
  #book = new Book();
  #refreshedAt = -Infinity;
  #isWorking = false;

  /** @param {DoorStore} store @param {DoorServer} server @param {DoorClock} clock @param {Uint8Array} token */
  constructor(store, server, clock, token) {
    this.#store = store;
    this.#server = server;
    this.#token = token;
    this.clock = clock;
    this.keys = new Keys(store);
    this.deliveries = new Deliveries(store, server, clock, token);
    this.deliveries.onchange = () => this.onchange();
  }

  /**
   * Go on with what is kept.
   * @param {DoorStore} store @param {DoorServer} server @param {DoorClock} clock @param {Uint8Array} token
   */
  static async open(store, server, clock, token) {
    const door = new Door(store, server, clock, token);
    await door.keys.resume();
    const rows = await store.rows();
    for (const row of rows) door.#book.add(row);
    await door.deliveries.resume(rows);
    door.counts = (await store.get(COUNTS)) ?? door.counts;
    return door;
  }

  /** Admit people: fetch keys and deliver, until the page is closed. */
  beginShift() {
    if (!this.#isWorking) setInterval(() => this.refresh(), REFRESH_MILLISECONDS);
    this.#isWorking = true;
    this.refresh();
    this.deliveries.beginShift();
  }

  /** Whether it has what it needs to decide. */
  get isReady() {
    return this.keys.view !== null;
  }

  /** Whether it has today's keys of every domain whose visitors it lets in. */
  get hasTodaysKeys() {
    const now = this.clock.now();
    const open = (this.keys.view?.domains ?? []).filter(({ openness }) => openness === Openness.OPEN);
    return open.length > 0 && open.every(({ domain }) => this.keys.epochKey(domain.number, epochAt(domain, now)));
  }

  /** How many passed here today. */
  get countsOfToday() {
    return this.counts.day === new Date().toDateString() ? this.counts : { entries: 0, exits: 0 };
  }

  /** Ask the server for keys and domains, not again within so many milliseconds. What fails is tried again later. */
  async refresh(pause = LEAST_REFRESH_MILLISECONDS) {
    if (performance.now() - this.#refreshedAt < pause) return;
    this.#refreshedAt = performance.now();
    try {
      const sent = this.clock.wall;
      const view = await this.#server.view(this.#token);
      this.clock.note(view.time, sent, this.clock.wall);
      await this.keys.learn(view);
      await this.#forgetOld();
    } catch (error) {
      if (error instanceof Problem && error.status === 401) this.deliveries.isRevoked = true;
      else if (!(error instanceof Problem || error instanceof Unreachable || error instanceof Malformed)) throw error;
    }
    this.onchange();
  }

  /** Decide on the text of a code. @param {string} text @returns {Promise<Answer>} */
  async decide(text) {
    if (this.deliveries.isRevoked) return undecided(words.REVOKED);
    const answer = await (text.startsWith(PAPER_PREFIX) ? this.#decidePaper(text) : this.#decideCode(text));
    this.#count(answer);
    return answer;
  }

  /**
   * Seal who has neither phone nor paper for the domain that the venue chose, and hand that to the server. Nothing of it
   * is kept here.
   * @param {{ name: string, phone: string }} record @returns {Promise<Answer>}
   */
  async assist(record) {
    const { view } = this.keys;
    const of = view?.assisted === null || view === null ? undefined : this.keys.find(view.assisted);
    const now = this.clock.now();
    const key = of?.epochKey(epochAt(of.domain, now - (now % TIME_STEP)));
    if (!view || !key) return refusal(Decision.UNKNOWN_EPOCH);
    const sealed = AssistedCheckIn.toBytes(sealAssisted(key, record, now, view.venueId, secureRandom).checkIn);
    const send = () => this.#server.assist(this.#token, sealed);
    const answer = await this.#ask(() => send().catch(send)); // an answer that was lost is given again
    this.#count(answer);
    return answer;
  }

  /** @param {string} text @returns {Promise<Answer>} */
  async #decidePaper(text) {
    let paper;
    try {
      paper = fromPaperText(text);
    } catch (error) {
      if (error instanceof Malformed) return refusal(Decision.UNREADABLE);
      throw error;
    }
    const answer = await this.#ask(() => this.#server.paper(this.#token, PaperPass.toBytes(paper)), words.NEEDS_SERVER);
    return answer.reason === words.DECISIONS[Decision.ALREADY_SPENT]
      ? { ...answer, reason: words.PAPER_SHOWN_AGAIN }
      : answer;
  }

  /**
   * What the server alone decides.
   * @param {() => Promise<DoorAnswer>} send @param {Pair} [silence] @returns {Promise<Answer>}
   */
  async #ask(send, silence = words.NO_ANSWER) {
    try {
      const { decision, direction } = await send();
      return direction === null ? refusal(decision) : passes(direction);
    } catch (error) {
      if (!(error instanceof Problem || error instanceof Unreachable || error instanceof Malformed)) throw error;
      if (error instanceof Problem && error.status === 401) this.deliveries.isRevoked = true;
      this.onchange();
      return undecided(error instanceof Unreachable ? silence : words.errorInWords(error));
    }
  }

  /** @param {string} text @returns {Promise<Answer>} */
  async #decideCode(text) {
    let message;
    try {
      message = fromQrText(text);
    } catch (error) {
      if (error instanceof Malformed) return refusal(Decision.UNREADABLE);
      throw error;
    }
    const { view } = this.keys;
    if (view === null) return undecided(words.DECISIONS[Decision.UNKNOWN_EPOCH]);
    const gate = new Gate(view.venueId, (number) => this.keys.find(number), this.#book);
    const checked = gate.check(message, this.clock.now());
    if (typeof checked === 'object') return this.#admit(gate, message, checked);
    if (checked === Decision.UNKNOWN_DOMAIN || checked === Decision.UNKNOWN_EPOCH) this.refresh();
    if (checked === Decision.UNKNOWN_EPOCH) return undecided(words.DECISIONS[checked]);
    const isOfClock = checked === Decision.TOO_OLD || checked === Decision.TOO_EARLY;
    return isOfClock && !this.clock.isFit ? undecided(words.WRONG_CLOCK) : refusal(checked);
  }

  /**
   * Decide on a check-in that holds.
   * @param {Gate} gate @param {CheckInMessage} message @param {Admitted} checkIn @returns {Promise<Answer>}
   */
  async #admit(gate, message, checkIn) {
    const { isFit } = this.clock;
    if (!isFit && this.deliveries.isOnline === false) return undecided(words.WRONG_CLOCK);
    const own = gate.admit(checkIn, true);
    if (own !== Decision.ADMITTED) return refusal(own);
    const row = { ...checkIn, name: nameOf(checkIn), at: Date.now(), waiting: CheckIn.toBytes(message) };
    try {
      await this.#store.add(row);
    } catch (error) {
      if (!(error instanceof DOMException)) throw error;
      this.#book.remove(checkIn);
      return undecided(words.NOT_STORED);
    }
    const decision = await this.deliveries.ask(row, isFit ? PATIENCE_MILLISECONDS : NEEDED_MILLISECONDS);
    if (decision === null && !this.clock.isFit) return this.#withdraw(row);
    if (decision === null || decision === Decision.ADMITTED) return passes(checkIn.direction);
    this.#book.remove(checkIn);
    return refusal(decision);
  }

  /** Without server and clock nobody is admitted. @param {Row} row */
  async #withdraw(row) {
    this.deliveries.drop(row);
    this.#book.remove(row);
    await this.#store.change({ gone: [row.name] });
    return undecided(words.WRONG_CLOCK);
  }

  /** Forget passes that nobody can show any more, once the server knows of them. */
  async #forgetOld() {
    const old = this.#book.all.filter(({ domain: number, epoch }) => {
      const domain = this.keys.find(number)?.domain;
      return !domain || epoch < epochAt(domain, this.clock.now()) - 1;
    });
    const names = old.filter((one) => !this.deliveries.has(nameOf(one)));
    await this.#store.change({ gone: names.map(nameOf) });
    for (const one of names) this.#book.remove(one);
  }

  /** @param {Answer} answer */
  #count({ kind }) {
    if (kind !== 'enter' && kind !== 'exit') return;
    const { entries, exits } = this.countsOfToday;
    this.counts = {
      day: new Date().toDateString(),
      entries: entries + Number(kind === 'enter'),
      exits: exits + Number(kind === 'exit'),
    };
    this.#store.put(COUNTS, this.counts).catch(() => undefined); // nothing depends on it
  }
}

/** @param {DirectionType} direction @returns {Answer} */
const passes = (direction) => ({ kind: direction === Direction.EXIT ? 'exit' : 'enter', reason: null });

/** @param {DecisionType} decision @returns {Answer} */
const refusal = (decision) => ({ kind: 'no', reason: words.DECISIONS[decision] });

/** @param {Pair} reason @returns {Answer} */
const undecided = (reason) => ({ kind: 'undecided', reason });
