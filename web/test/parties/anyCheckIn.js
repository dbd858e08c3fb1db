/**
 * What a venue keeps and may release: check-ins with a pass, on a screen or on paper, and assisted ones. Spec: §3.8.
 *
 * @import { EpochKey } from '../../protocol/epochs.js'
 */

import { AssistedCheckIn, verifyAssisted } from '../../protocol/assistedCheckIns.js';
import { CheckInMessage, Direction, signedPassParts, verifyCheckIn } from '../../protocol/checkIns.js';
import { PaperCheckInMessage, verifyPaperCheckIn } from './paperCheckIns.js';
import { passParts } from './paperPasses.js';

/** @typedef {CheckInMessage | PaperCheckInMessage | AssistedCheckIn} AnyCheckIn */

/** The first byte is the number of the fields. */
const [SIX_FIELDS, EIGHT_FIELDS] = [0x86, 0x88];

/** @param {Uint8Array} encoding @returns {AnyCheckIn} */
export function readCheckIn(encoding) {
  if (encoding[0] === SIX_FIELDS) return AssistedCheckIn.fromBytes(encoding);
  if (encoding[0] === EIGHT_FIELDS) return PaperCheckInMessage.fromBytes(encoding);
  return CheckInMessage.fromBytes(encoding);
}

/** @param {EpochKey} epochKey @param {AnyCheckIn} checkIn */
export function verifyAnyCheckIn(epochKey, checkIn) {
  if ('sealed' in checkIn) verifyAssisted(epochKey, checkIn);
  else if ('paperKey' in checkIn) verifyPaperCheckIn(epochKey, checkIn);
  else verifyCheckIn(epochKey, checkIn);
}

/** An assisted check-in has no direction: it is an entry. @param {AnyCheckIn} checkIn @returns {Direction} */
export const directionOf = (checkIn) => ('direction' in checkIn ? checkIn.direction : Direction.ENTRY);

/** @param {CheckInMessage | PaperCheckInMessage} checkIn */
export const passOf = (checkIn) =>
  'signedPass' in checkIn ? signedPassParts(checkIn) : passParts(checkIn.publicPass);

/** The check-in's one-time public key. @param {AnyCheckIn} checkIn @returns {Uint8Array} 32 bytes */
export const uOf = (checkIn) => ('sealed' in checkIn ? checkIn.u.toBytes() : passOf(checkIn).u);
