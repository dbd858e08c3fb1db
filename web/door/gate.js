/**
 * A door's decision on a check-in, made without a network. Spec: §3.8, What a door does.
 *
 * @import { CheckInMessage, Direction as DirectionType } from '../protocol/checkIns.js'
 * @import { Domain, EpochKey } from '../protocol/epochs.js'
 * @import { Decision as DecisionType } from '../protocol/httpMessages.js'
 * @import { Admitted, Book } from './book.js'
 */

import { Direction, MAX_STAY, possibleEpochs, signedPassParts, verifyCheckIn } from '../protocol/checkIns.js';
import { Decision } from '../protocol/httpMessages.js';
import { sameBytes } from '../protocol/primitives/encoding.js';
import { InvalidSignature, Malformed } from '../protocol/primitives/errors.js';
import { fromQrText } from '../protocol/qrText.js';

/**
 * What a door has of one domain: the keys of each epoch that is known. `tolerance` is in seconds. One that is `closed`
 * is being removed: nobody comes in any more.
 * @typedef {object} DoorDomain
 * @property {Domain} domain
 * @property {(epoch: number) => EpochKey | undefined} epochKey
 * @property {number} tolerance
 * @property {boolean} closed
 */

/**
 * Whom a pass was signed for: what a label says, whatever kind of check-in it is of.
 * @typedef {{ domain: number, time: number, direction: DirectionType, venueId: Uint8Array | null }} Label
 */

/** Decides who comes in at a venue (16-byte id), and keeps in a book what it admits. */
export class Gate {
  /**
   * @param {Uint8Array} venueId @param {(number: number) => DoorDomain | undefined} find what the door has of a domain
   * @param {Book} book
   */
  constructor(venueId, find, book) {
    this.venueId = venueId;
    this.find = find;
    this.book = book;
  }

  /** On the text of a code that is shown. @param {string} text @param {number} now @returns {DecisionType} */
  decideText(text, now) {
    try {
      return this.decide(fromQrText(text), now); // step 1
    } catch (error) {
      if (error instanceof Malformed) return Decision.UNREADABLE;
      throw error;
    }
  }

  /** @param {CheckInMessage} message @param {number} now Unix seconds @returns {DecisionType} */
  decide(message, now) {
    const checked = this.check(message, now);
    return typeof checked === 'object' ? this.admit(checked) : checked;
  }

  /**
   * Steps 2 to 5: a check-in that holds here and now, or why it does not. Who else was admitted is left aside.
   * @param {CheckInMessage} message @param {number} now @returns {Admitted | DecisionType}
   */
  check(message, now) {
    return this.checkSigned(message, signedPassParts(message).u, now, (key) => verifyCheckIn(key, message));
  }

  /**
   * The same of any check-in with a pass.
   * @param {Label} label @param {Uint8Array} u 32 bytes @param {number} now
   * @param {(key: EpochKey) => unknown} verify throws `InvalidSignature` unless it was signed for this epoch
   * @returns {Admitted | DecisionType}
   */
  checkSigned({ domain, time, direction, venueId }, u, now, verify) {
    const of = this.find(domain); // step 2
    if (of === undefined || (of.closed && direction === Direction.ENTRY)) return Decision.UNKNOWN_DOMAIN;
    if (venueId !== null && !sameBytes(venueId, this.venueId)) return Decision.OTHER_VENUE; // step 3
    if (time < now - of.tolerance) return Decision.TOO_OLD; // step 4
    if (time > now + of.tolerance) return Decision.TOO_EARLY;
    const { first, last } = possibleEpochs(of.domain, time, direction);
    /** @type {DecisionType} */
    let refusal = Decision.FORGED;
    for (let epoch = first; epoch <= last; epoch += 1) {
      const key = of.epochKey(epoch); // step 5
      if (key === undefined) refusal = Decision.UNKNOWN_EPOCH;
      else if (holds(() => verify(key))) return { domain, epoch, u, direction, time };
    }
    return refusal;
  }

  /**
   * Steps 6 and 7: put a check-in that holds into the book, unless something there forbids it.
   * @param {Admitted} checkIn @param {boolean} [elsewhere] whether who leaves may have come in at another door, whose
   *   book is not here
   */
  admit(checkIn, elsewhere = false) {
    if (checkIn.direction === Direction.EXIT && !this.#hasEntered(checkIn, elsewhere)) return Decision.NO_ENTRY;
    if (this.book.has(checkIn)) return Decision.ALREADY_SPENT;
    this.book.add(checkIn);
    return Decision.ADMITTED;
  }

  /**
   * Whether the pass of an exit came in, in the same epoch and not too long ago.
   * @param {Admitted} exit @param {boolean} elsewhere
   */
  #hasEntered(exit, elsewhere) {
    const entry = this.book.other(exit, Direction.ENTRY);
    if (entry === undefined) return elsewhere;
    return exit.time >= entry.time && exit.time - entry.time <= MAX_STAY;
  }
}

/** Whether signatures hold. @param {() => unknown} verify */
function holds(verify) {
  try {
    verify();
    return true;
  } catch (error) {
    if (error instanceof InvalidSignature) return false;
    throw error;
  }
}
