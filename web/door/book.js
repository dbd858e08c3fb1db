/**
 * What a door has admitted, in memory: whatever is in it is stored durably before anybody is told. Spec: §3.8.
 *
 * @import { Direction } from '../protocol/checkIns.js'
 */

import { bytesToHex } from '@noble/hashes/utils.js';

/**
 * A check-in that was admitted: domain, epoch, the pass's `u` (32 bytes), direction, and the label's time.
 * @typedef {{ domain: number, epoch: number, u: Uint8Array, direction: Direction, time: number }} Admitted
 */

/** The check-ins of one venue, of every domain. */
export class Book {
  /** @type {Map<string, Admitted>} */
  #admitted = new Map();

  /** All of them, the first first. @returns {Admitted[]} */
  get all() {
    return [...this.#admitted.values()];
  }

  /** @param {Omit<Admitted, 'time'>} checkIn */
  has(checkIn) {
    return this.#admitted.has(nameOf(checkIn));
  }

  /** @param {Admitted} checkIn */
  add(checkIn) {
    this.#admitted.set(nameOf(checkIn), checkIn);
  }

  /** @param {Omit<Admitted, 'time'>} checkIn */
  remove(checkIn) {
    this.#admitted.delete(nameOf(checkIn));
  }

  /** What was admitted of the same pass in a direction. @param {Admitted} checkIn @param {Direction} direction */
  other(checkIn, direction) {
    return this.#admitted.get(nameOf({ ...checkIn, direction }));
  }
}

/** What tells one check-in from all others, as a name in a database. @param {Omit<Admitted, 'time'>} checkIn */
export const nameOf = ({ domain, epoch, u, direction }) => `${domain} ${epoch} ${bytesToHex(u)} ${direction}`;
