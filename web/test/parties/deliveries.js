/**
 * A venue's server that takes what its readers deliver. Spec: §3.8, Deliveries.
 *
 * @import { Gate } from '../../door/gate.js'
 * @import { Delivery, DeliveryAnswer } from '../../protocol/deliveries.js'
 * @import { Decision as DecisionType } from '../../protocol/httpMessages.js'
 */

import { bytesToHex } from '@noble/hashes/utils.js';
import { nameOf } from '../../door/book.js';
import { CheckInMessage, Direction, signedPassParts } from '../../protocol/checkIns.js';
import { COMMITMENT_DELAY } from '../../protocol/deliveries.js';
import { Decision } from '../../protocol/httpMessages.js';
import { Malformed } from '../../protocol/primitives/errors.js';

export class DeliveryServer {
  /** The last contact of each reader. @type {Map<number, number>} */
  #contacts = new Map();
  /** Whose each check-in is, with its bytes. @type {Map<string, string>} */
  #owners = new Map();
  /** Exits without an entry, by their pass. @type {Map<string, { reader: number, exit: CheckInMessage }[]>} */
  #waiting = new Map();

  /** @param {Gate} gate @param {number} paired when the readers were paired, in Unix seconds */
  constructor(gate, paired) {
    this.gate = gate;
    this.paired = paired;
  }

  /** @param {number} reader its number @param {Delivery} delivery @param {number} now @returns {DeliveryAnswer} */
  take(reader, delivery, now) {
    const since = Math.min(Math.max(this.#contacts.get(reader) ?? this.paired, delivery.since), now);
    const decisions = delivery.checkIns.map((encoded) => this.#decide(reader, encoded, since, now));
    this.#contacts.set(reader, since);
    return { time: now, decisions };
  }

  /** @param {number} reader @param {Uint8Array} encoded @param {number} since @param {number} now */
  #decide(reader, encoded, since, now) {
    const message = read(encoded);
    if (message === undefined || message.venueId !== null) return Decision.UNREADABLE;
    const of = this.gate.find(message.domain);
    if (of === undefined) return Decision.UNKNOWN_DOMAIN;
    if (message.time < Math.max(since - of.tolerance, now - COMMITMENT_DELAY)) return Decision.TOO_OLD;
    if (message.time > now + of.tolerance) return Decision.TOO_EARLY;
    const decision = this.#admit(reader, message);
    const u = bytesToHex(signedPassParts(message).u);
    const waiting = this.#waiting.get(u) ?? [];
    if (decision === Decision.NO_ENTRY) this.#waiting.set(u, [...waiting, { reader, exit: message }]);
    if (decision === Decision.ADMITTED && message.direction === Direction.ENTRY) {
      for (const one of waiting.sort((a, b) => a.exit.time - b.exit.time)) this.#admit(one.reader, one.exit);
      this.#waiting.delete(u);
    }
    return decision;
  }

  /** @param {number} reader @param {CheckInMessage} message @returns {DecisionType} */
  #admit(reader, message) {
    const checked = this.gate.check(message, message.time);
    if (typeof checked !== 'object') return checked;
    const own = `${reader} ${bytesToHex(CheckInMessage.toBytes(message))}`;
    if (this.#owners.get(nameOf(checked)) === own) return Decision.ADMITTED;
    const decision = this.gate.admit(checked);
    if (decision === Decision.ADMITTED) this.#owners.set(nameOf(checked), own);
    return decision;
  }
}

/** @param {Uint8Array} encoded */
function read(encoded) {
  try {
    return CheckInMessage.fromBytes(encoded);
  } catch (error) {
    if (error instanceof Malformed) return undefined;
    throw error;
  }
}
