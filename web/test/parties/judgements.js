/**
 * Releases as both parties judge them together, by what each of them holds. Spec: §3.10.
 *
 * @import { EpochKey } from '../../protocol/epochs.js'
 * @import { Decoded } from '../../protocol/primitives/encoding.js'
 * @import { Venue, Warrant } from '../../protocol/warrants.js'
 * @import { AnyCheckIn } from './anyCheckIn.js'
 * @import { HeldCommitment as Held } from './commitments.js'
 * @import { VerifiedRelease } from './releases.js'
 * @import { Visit, Visits } from './visits.js'
 */

import { array, bytes, message, sameBytes } from '../../protocol/primitives/encoding.js';
import { CommitmentMismatch, ConflictingStatements, MalformedEncoding } from '../../protocol/primitives/errors.js';
import { statementPayload } from '../../protocol/primitives/statements.js';
import { passOf } from './anyCheckIn.js';
import { HeldCommitment } from './commitments.js';
import { Release, verifyAnyPart } from './releases.js';

const MAX_HELD = 10_002;
const heldCommitments = array(HeldCommitment, 0, MAX_HELD);

/** The commitments of both parties. @typedef {Decoded<typeof Judgement>} Judgement */
export const Judgement = message({ release: bytes(32), operator: heldCommitments, authority: heldCommitments }, ({ operator, authority }) => {
  for (const held of [operator, authority]) {
    if (held.some(({ time }, i) => i > 0 && held[i - 1].time >= time)) {
      throw new MalformedEncoding('the commitments are not in the order of time, one for each');
    }
  }
});

/** A release with what it was judged by. @typedef {VerifiedRelease & { judgement: Judgement }} JudgedRelease */

/**
 * Of a party's commitments, those by which a release is judged.
 * @param {Warrant} warrant @param {Map<number, Uint8Array>} commitments @param {Uint8Array} release
 * @returns {Held[]}
 */
export function decidingCommitments({ issued }, commitments, release) {
  const { openedFrom, openings } = Release.fromBytes(statementPayload(release));
  const last = openings.at(-1)?.time ?? openedFrom.time;
  const known = [...commitments]
    .map(([time, commitment]) => ({ time, commitment }))
    .filter(({ time }) => openedFrom.time <= time && time <= issued)
    .sort((a, b) => a.time - b.time);
  const deciding = known.slice(0, known.filter(({ time }) => time <= last).length + 1);
  if (deciding.length > MAX_HELD) throw new CommitmentMismatch('more commitments than a release can open');
  return deciding;
}

/**
 * The visits that both parties admit.
 * @param {Warrant} warrant @param {Venue} venue @param {Map<number, EpochKey>} epochKeys @param {Judgement} judgement
 * @param {Uint8Array} release
 * @returns {JudgedRelease}
 */
export function judgeRelease(warrant, venue, epochKeys, judgement, release) {
  const [operator, authority] = bothVerdicts(warrant, venue, epochKeys, judgement, release);
  /** @type {Visits} */
  const visits = new Map();
  let alone = passesOf(operator.visits).length;
  for (const [epoch, u, visit] of passesOf(authority.visits)) {
    const other = operator.visits.get(epoch)?.get(u);
    if (other !== undefined) alone -= 1;
    if (other !== undefined && sameBytes(ciphertextOf(other), ciphertextOf(visit))) {
      visits.set(epoch, (visits.get(epoch) ?? new Map()).set(u, visit));
    } else {
      alone += 1;
    }
  }
  const setAside = alone === 0 ? authority.setAside : { ...authority.setAside, AdmittedByOne: alone };
  return { ...authority, visits, setAside, judgement };
}

/**
 * @param {Warrant} warrant @param {Venue} venue @param {Map<number, EpochKey>} epochKeys @param {Judgement} judgement
 * @param {Uint8Array} release
 */
function bothVerdicts(warrant, venue, epochKeys, judgement, release) {
  const [operator, authority] = [judgement.operator, judgement.authority].map(byTime);
  try {
    return [operator, authority].map((received) => verifyAnyPart(warrant, venue, epochKeys, received, release));
  } catch (error) {
    const conflicts = [...operator].some(([time, commitment]) => {
      const other = authority.get(time);
      return other !== undefined && !sameBytes(commitment, other);
    });
    if (error instanceof CommitmentMismatch && conflicts) {
      throw new ConflictingStatements('the venue made two commitments of one time');
    }
    throw error;
  }
}

/** @param {Held[]} held */
const byTime = (held) => new Map(held.map(({ time, commitment }) => [time, commitment]));

/** @param {Visits} visits @returns {[number, string, Visit][]} */
const passesOf = (visits) =>
  [...visits].flatMap(([epoch, sameEpoch]) =>
    [...sameEpoch].map(([u, visit]) => /** @type {[number, string, Visit]} */ ([epoch, u, visit])),
  );

/** @param {Visit} visit */
function ciphertextOf({ entry, exit }) {
  const checkIn = /** @type {AnyCheckIn} */ (entry ?? exit); // there is one of them
  return 'sealed' in checkIn ? checkIn.sealed : passOf(checkIn).v;
}
