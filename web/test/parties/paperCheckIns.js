/**
 * What a reader signs for a paper pass. Spec: §3.8.
 *
 * @import { EpochKey } from '../../protocol/epochs.js'
 * @import { Decoded } from '../../protocol/primitives/encoding.js'
 * @import { RandomBytes } from '../../protocol/primitives/group.js'
 * @import { DelegatedPass } from './paperPasses.js'
 */

import { Direction, TIME_STEP, checkLabelTime, possibleEpochs } from '../../protocol/checkIns.js';
import { PASS_BYTES } from '../../protocol/passes.js';
import { byteEncoded, bytes, enumeration, message, uint32, uint8 } from '../../protocol/primitives/encoding.js';
import { InvalidSignature, WrongDomain, WrongEpoch } from '../../protocol/primitives/errors.js';
import { Point } from '../../protocol/primitives/group.js';
import { bigEndian, frame } from '../../protocol/primitives/hashing.js';
import { SIGNATURE_BYTES, signWithScalar, verify } from '../../protocol/primitives/signatures.js';
import { verifyDelegation } from './paperPasses.js';

/** @typedef {Decoded<typeof PaperCheckInMessage>} PaperCheckInMessage */
export const PaperCheckInMessage = message(
  {
    domain: uint8,
    time: uint32,
    direction: enumeration(Direction),
    venueId: bytes(16),
    publicPass: bytes(PASS_BYTES),
    paperKey: byteEncoded(Point),
    delegation: bytes(SIGNATURE_BYTES),
    labelSignature: bytes(SIGNATURE_BYTES),
  },
  checkLabelTime,
);

/**
 * What the paper's key signs.
 * @param {EpochKey} epochKey
 * @param {Pick<PaperCheckInMessage, 'time' | 'direction' | 'venueId' | 'publicPass' | 'paperKey'>} checkIn
 */
export const paperLabel = ({ context }, { time, direction, venueId, publicPass, paperKey }) =>
  frame(
    'paper-check-in',
    context,
    bigEndian(time, 4),
    bigEndian(direction, 1),
    venueId,
    publicPass,
    paperKey.toBytes(),
  );

/**
 * Draws 32 random bytes.
 * @param {EpochKey} epochKey @param {DelegatedPass} paper @param {number} time @param {Direction} direction
 * @param {Uint8Array} venueId @param {RandomBytes} randomBytes
 */
export function signPaperCheckIn(epochKey, { publicPass, k, K, delegation }, time, direction, venueId, randomBytes) {
  const labelTime = time - (time % TIME_STEP);
  const label = { domain: epochKey.domain.number, time: labelTime, direction, venueId, publicPass, paperKey: K };
  const labelSignature = signWithScalar(k, K.toBytes(), paperLabel(epochKey, label), randomBytes);
  return { ...label, delegation, labelSignature };
}

/** The epoch of a check-in. @param {EpochKey} epochKey @param {PaperCheckInMessage} checkIn */
export function verifyPaperCheckIn(epochKey, checkIn) {
  const { domain, time, direction, publicPass, paperKey, delegation, labelSignature } = checkIn;
  if (domain !== epochKey.domain.number) throw new WrongDomain('the check-in is of another domain');
  const { first, last } = possibleEpochs(epochKey.domain, time, direction);
  if (epochKey.epoch < first || last < epochKey.epoch) {
    throw new WrongEpoch("the check-in's time lies outside the epoch");
  }
  verifyDelegation(epochKey, publicPass, paperKey, delegation);
  if (!verify(paperKey.toBytes(), paperLabel(epochKey, checkIn), labelSignature)) {
    throw new InvalidSignature("the paper's key did not sign this label");
  }
  return epochKey.epoch;
}
