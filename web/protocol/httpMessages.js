/**
 * Bodies of the HTTP interface that carry no cryptography of their own. Spec: §4.2, §5.
 *
 * @import { Decoded } from './primitives/encoding.js'
 */

import { Direction } from './checkIns.js';
import { enumeration, message, optional } from './primitives/encoding.js';
import { MalformedEncoding } from './primitives/errors.js';

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
