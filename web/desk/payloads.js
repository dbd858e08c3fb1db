/**
 * What officers decide on, read from the very bytes that they sign.
 *
 * @import { OfficerSet } from './records.js'
 * @import { Venue, Warrant } from '../protocol/warrants.js'
 */

import { hexToBytes } from '@noble/hashes/utils.js';
import { Action, OfficerSet as Officers } from './records.js';
import { array, bytes, decodeItem, message, uint32 } from '../protocol/primitives/encoding.js';
import { Venue as VenueRecord, Warrant as WarrantRecord } from '../protocol/warrants.js';

const Erasure = message({ epoch: uint32 });
const MAX_WARRANTS = 1000;
const warrants = array(bytes(1, 65_536), 1, MAX_WARRANTS);

/** @type {Record<string, typeof Action[keyof typeof Action]>} */
export const ACTIONS = {
  officers: Action.OFFICERS,
  warrant: Action.WARRANT,
  notice: Action.NOTICE,
  venue: Action.VENUE,
  erase: Action.ERASE,
};

/**
 * A matter that officers decide on, as the server tells it. `title` says in short what `payload` (hexadecimal) says,
 * and besides what it cannot say, as the name of a venue.
 * @typedef {object} Matter
 * @property {string} id
 * @property {'warrant' | 'notice' | 'venue' | 'erase' | 'officers'} kind
 * @property {any} title
 * @property {string} payload
 * @property {string} replaced
 * @property {number} needed
 * @property {'waiting' | 'approved' | 'refused' | 'done'} state
 * @property {string | null} asked_by
 * @property {number | null} since
 * @property {GivenVote[]} votes
 * @property {number} approvals
 * @property {number} refusals
 * @property {'approve' | 'refuse' | null} mine
 */

/**
 * A vote that was given; whether it counts, under the present set of officers.
 * @typedef {{ officer: string, decision: 'approve' | 'refuse', reason: string, time: number, counts: boolean }}
 *   GivenVote
 */

/**
 * What is decided on.
 * @typedef {{ kind: 'warrant', warrant: Warrant } | { kind: 'notice', warrants: Warrant[] }
 *   | { kind: 'venue', venue: Venue } | { kind: 'erase', epoch: number }
 *   | { kind: 'officers', set: OfficerSet }} Payload
 */

/**
 * What a payload says.
 * @param {Matter['kind']} kind @param {string} hexadecimal @returns {Payload}
 * @throws {Malformed} if it is no such payload
 */
export function readPayload(kind, hexadecimal) {
  const payload = hexToBytes(hexadecimal);
  switch (kind) {
    case 'warrant':
      return { kind, warrant: WarrantRecord.fromBytes(payload) };
    case 'notice':
      return { kind, warrants: warrants.decode(decodeItem(payload)).map(WarrantRecord.fromBytes) };
    case 'venue':
      return { kind, venue: VenueRecord.fromBytes(payload) };
    case 'erase':
      return { kind, epoch: Erasure.fromBytes(payload).epoch };
    default:
      return { kind, set: Officers.fromBytes(payload) };
  }
}
