/**
 * Visits: the entry and the exit of one pass that count. Spec: §3.9.
 *
 * @import { AnyCheckIn } from './anyCheckIn.js'
 * @import { Warrant } from '../../protocol/warrants.js'
 */

import { bytesToHex } from '@noble/hashes/utils.js';
import { Direction, MAX_STAY } from '../../protocol/checkIns.js';
import { directionOf, uOf } from './anyCheckIn.js';

/** At least one of the two. @typedef {{ entry?: AnyCheckIn, exit?: AnyCheckIn }} Visit */
/** By epoch and `u` in hex. @typedef {Map<number, Map<string, Visit>>} Visits */

/**
 * Add a check-in unless an earlier one is known.
 * @param {Visits} visits @param {number} epoch @param {AnyCheckIn} checkIn
 */
export function keepEarliest(visits, epoch, checkIn) {
  const sameEpoch = visits.get(epoch) ?? new Map();
  const u = bytesToHex(uOf(checkIn));
  const visit = sameEpoch.get(u) ?? {};
  const which = directionOf(checkIn) === Direction.ENTRY ? 'entry' : 'exit';
  if (visit[which] === undefined || checkIn.time < visit[which].time) visit[which] = checkIn;
  visits.set(epoch, sameEpoch.set(u, visit));
}

/** A visit without an exit that does not go with its entry. @param {Visit} visit @returns {Visit} */
export function withoutStrayExit({ entry, exit }) {
  if (entry === undefined || exit === undefined) return { entry, exit };
  const stay = exit.time - entry.time;
  return stay < 0 || stay > MAX_STAY ? { entry } : { entry, exit };
}

/** How many check-ins a visit has. @param {Visit} visit */
export const checkInsOf = ({ entry, exit }) => [entry, exit].filter((checkIn) => checkIn !== undefined).length;

/** Whether a visit lies in a warrant's window. @param {Warrant} warrant @param {Visit} visit */
export function covers({ begins, ends, assumedStay }, { entry, exit }) {
  if (entry === undefined) return exit !== undefined && begins <= exit.time && exit.time < ends;
  return entry.time < ends && (exit?.time ?? entry.time + assumedStay) >= begins;
}
