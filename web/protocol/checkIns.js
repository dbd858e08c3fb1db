/**
 * Check-ins: a pass, a label and a signature that ties them together. Spec: §3.8.
 *
 * A door needs two Ed25519 verifications: the authority's over the pass, and the pass's own over its label. The second
 * also proves knowledge of the encryption's randomness, so that the ciphertext cannot be changed or moved to
 * another label.
 *
 * @import { Domain, EpochKey } from './epochs.js'
 * @import { Decoded } from './primitives/encoding.js'
 * @import { RandomBytes } from './primitives/group.js'
 * @import { OwnedPass } from './passes.js'
 */

import { concatBytes } from '@noble/hashes/utils.js';
import { epochAt } from './epochs.js';
import { PASS_BYTES, passBytes, passStatement } from './passes.js';
import { bytes, enumeration, message, optional, uint32, uint8 } from './primitives/encoding.js';
import { InvalidSignature, MalformedEncoding, WrongDomain, WrongEpoch } from './primitives/errors.js';
import { secureRandom } from './primitives/group.js';
import { bigEndian, frame } from './primitives/hashing.js';
import { SIGNATURE_BYTES, signWithScalar, verify } from './primitives/signatures.js';

/** Label times are multiples of this many seconds: a finer clock would be a fingerprint. */
export const TIME_STEP = 15;
/** How many seconds after its entry an exit may be. */
export const MAX_STAY = 12 * 3600;
export const SIGNED_PASS_BYTES = PASS_BYTES + SIGNATURE_BYTES;
/** The largest present-mode check-in: it fits a version 10 QR code at error correction M. */
export const MAX_CHECK_IN_BYTES = 204;

/** Which way a visitor goes through the door. @typedef {typeof Direction[keyof typeof Direction]} Direction */
export const Direction = Object.freeze({ ENTRY: 1, EXIT: 2 });

/**
 * What a visitor shows or sends. `venueId` is null in present mode: the phone does not know where it is.
 *
 * `signedPass` is `u || v || pass signature || label signature`, 192 bytes. `time` is Unix time in seconds.
 * @typedef {Decoded<typeof CheckInMessage>} CheckInMessage
 */
export const CheckInMessage = message(
  {
    domain: uint8,
    time: uint32,
    direction: enumeration(Direction),
    venueId: optional(bytes(16)),
    signedPass: bytes(SIGNED_PASS_BYTES),
  },
  checkLabelTime,
);

/**
 * Throw if the time of a label is no multiple of 15 seconds.
 * @param {{ time: number }} label @throws {MalformedEncoding}
 */
export function checkLabelTime({ time }) {
  if (time % TIME_STEP) throw new MalformedEncoding(`a label time is a multiple of ${TIME_STEP} seconds`);
}

/**
 * A check-in whose two signatures hold; made by `verifyCheckIn` alone.
 * @typedef {{ message: CheckInMessage, epoch: number }} CheckIn
 */

/**
 * The parts of a check-in's signed pass: one-time public key and encrypted handle (32 bytes each), and the authority's
 * signature over the pass and the pass's over the label (64 bytes each).
 * @param {CheckInMessage} message
 * @returns {{ u: Uint8Array, v: Uint8Array, passSignature: Uint8Array, labelSignature: Uint8Array }}
 */
export function signedPassParts({ signedPass }) {
  return {
    u: signedPass.subarray(0, 32),
    v: signedPass.subarray(32, 64),
    passSignature: signedPass.subarray(64, PASS_BYTES),
    labelSignature: signedPass.subarray(PASS_BYTES),
  };
}

/**
 * Sign a label with a pass. Draws 32 random bytes.
 * @param {EpochKey} epochKey
 * @param {OwnedPass} owned
 * @param {number} time Unix seconds, rounded down to the label's step
 * @param {Direction} direction
 * @param {Uint8Array | null} [venueId] 16 bytes, or null in present mode
 * @param {RandomBytes} [randomBytes]
 * @returns {CheckInMessage}
 */
export function signCheckIn(epochKey, owned, time, direction, venueId = null, randomBytes = secureRandom) {
  const labelTime = time - (time % TIME_STEP);
  const publicPass = passBytes(owned.public);
  const statement = labelStatement(epochKey, labelTime, direction, venueId, publicPass);
  const signature = signWithScalar(owned.r, owned.public.u, statement, randomBytes);
  const signedPass = concatBytes(publicPass, signature);
  return { domain: epochKey.domain.number, time: labelTime, direction, venueId, signedPass };
}

/**
 * The epochs that a label may belong to: an entry's time decides; an exit stays in its entry's epoch.
 * Spec: §3.8, What a door does.
 * @param {Domain} domain @param {number} time @param {Direction} direction
 * @returns {{ first: number, last: number }}
 */
export function possibleEpochs(domain, time, direction) {
  const earliest = direction === Direction.EXIT ? time - MAX_STAY : time;
  return { first: epochAt(domain, earliest), last: epochAt(domain, time) };
}

/**
 * Check label and signatures against an epoch's keys. Whether the label is fresh and the pass unspent is the door's
 * to know. Spec: §3.8, What a door does.
 * @param {EpochKey} epochKey @param {CheckInMessage} checkIn
 * @returns {CheckIn}
 * @throws {WrongDomain | WrongEpoch | InvalidSignature}
 */
export function verifyCheckIn(epochKey, checkIn) {
  const { domain, epoch, passKey } = epochKey;
  const { time, direction, venueId, signedPass } = checkIn;
  if (checkIn.domain !== domain.number) throw new WrongDomain('the check-in is of another domain');
  const { first, last } = possibleEpochs(domain, time, direction);
  if (epoch < first || last < epoch) throw new WrongEpoch("the check-in's time lies outside the epoch");
  const { u, v, passSignature, labelSignature } = signedPassParts(checkIn);
  if (!verify(passKey.toBytes(), passStatement(epochKey, u, v), passSignature)) {
    throw new InvalidSignature('the authority did not issue this pass in this epoch');
  }
  const statement = labelStatement(epochKey, time, direction, venueId, signedPass.subarray(0, PASS_BYTES));
  if (!verify(u, statement, labelSignature)) throw new InvalidSignature('the pass did not sign this label');
  return { message: checkIn, epoch };
}

/**
 * What a pass signs: tag, epoch context, time (4 bytes), direction (1), the venue's id (16, or 0 for none), pass (128).
 * @param {EpochKey} epochKey @param {number} time @param {Direction} direction
 * @param {Uint8Array | null} venueId 16 bytes, or null in present mode
 * @param {Uint8Array} publicPass 128 bytes
 * @returns {Uint8Array}
 */
export function labelStatement(epochKey, time, direction, venueId, publicPass) {
  return frame(
    'check-in',
    epochKey.context,
    bigEndian(time, 4),
    bigEndian(direction, 1),
    venueId ?? new Uint8Array(),
    publicPass,
  );
}
