/**
 * Bodies of the HTTP interface that carry no cryptography of their own. Spec: §4.2, §5.
 *
 * @import { Decoded } from './primitives/encoding.js'
 */

import { Direction } from './checkIns.js';
import { bytes, enumeration, message, optional, text } from './primitives/encoding.js';
import { MalformedEncoding } from './primitives/errors.js';

/** A telephone number in E.164 form. */
export const phone = text(4, 16);
/** What a visitor is called, by their own word. */
export const name = text(1, 128);

/** Asks the operator to send a one-time code to a phone. */
export const VerificationRequest = message({ phone });

/** The one-time code (six digits) that a phone received, and the name of its owner. */
export const VerificationAnswer = message({ phone, code: text(6, 6), name });

/**
 * A verified account (16 bytes) and the bearer token (32 bytes) of its session.
 * @typedef {Decoded<typeof Session>} Session
 */
export const Session = message({ accountId: bytes(16), token: bytes(32) });

/** What a door says to a check-in, and why. @typedef {typeof Decision[keyof typeof Decision]} Decision */
export const Decision = Object.freeze({
  ADMITTED: 0,
  UNREADABLE: 1,
  UNKNOWN_DOMAIN: 2,
  UNKNOWN_EPOCH: 3,
  TOO_OLD: 4,
  TOO_EARLY: 5,
  OTHER_VENUE: 6,
  FORGED: 7,
  ALREADY_SPENT: 8,
  NO_ENTRY: 9,
});

/**
 * A door's decision on one check-in, and which way it went. `direction` is null unless it was admitted.
 * @typedef {Decoded<typeof DoorAnswer>} DoorAnswer
 */
export const DoorAnswer = message(
  { decision: enumeration(Decision), direction: optional(enumeration(Direction)) },
  ({ decision, direction }) => {
    if ((decision === Decision.ADMITTED) !== (direction !== null)) {
      throw new MalformedEncoding('what was admitted has a direction, and a refusal has none');
    }
  },
);
