/**
 * What a reader is told by its venue's server, and what it delivers to it. Spec: §3.8, Deliveries; §5.5.
 *
 * @import { Decoded } from './primitives/encoding.js'
 */

import { Domain } from './epochs.js';
import { Decision, name } from './httpMessages.js';
import { array, bytes, enumeration, integer, message, optional, text, uint32, uint8 } from './primitives/encoding.js';
import { statement } from './primitives/statements.js';

/** How many check-ins a delivery has at most. */
export const MAX_DELIVERY = 100;
/** How many seconds after its label a check-in may be delivered at most. */
export const COMMITMENT_DELAY = 86_400;

/** Whether a reader may be admitting people. @typedef {typeof Duty[keyof typeof Duty]} Duty */
export const Duty = Object.freeze({ OFF: 0, ON: 1 });

/** Whether a door lets people of a domain in, or only out. @typedef {typeof Openness[keyof typeof Openness]} Openness */
export const Openness = Object.freeze({ CLOSED: 0, OPEN: 1 });

/** What a new reader sends: the secret of its link (16 bytes), and the token (32 bytes) that it has drawn. */
export const Pairing = message({ secret: bytes(16), token: bytes(32) });

/** Both parties' signed statements of an epoch. @typedef {Decoded<typeof EpochView>} EpochView */
export const EpochView = message({ epoch: uint32, operator: statement, authority: statement });

/**
 * A domain that the venue pins, and the epochs that its server knows. `tolerance`: how many seconds a label's time may
 * be from the door's clock.
 * @typedef {Decoded<typeof DomainView>} DomainView
 */
export const DomainView = message({
  domain: Domain,
  tolerance: integer(0, 600),
  openness: enumeration(Openness),
  epochs: array(EpochView, 0, 16),
});

/**
 * All that a reader needs to decide by itself. `time`: the server's clock in Unix seconds. `door`: the reader's name.
 * `assisted`: the number of the domain for which what staff take down is sealed; null if the venue has not chosen one.
 * @typedef {Decoded<typeof DoorView>} DoorView
 */
export const DoorView = message({
  time: uint32,
  venueId: bytes(16),
  name,
  door: text(1, 256),
  assisted: optional(uint8),
  domains: array(DomainView, 0, 256),
});

/**
 * What a reader has admitted and has no answer to, the first first; or nothing, to say that it is there. `since`: it has
 * its answers to all that it admitted with labels older than this Unix time less the tolerance. The check-ins are
 * encoded, each by itself.
 * @typedef {Decoded<typeof Delivery>} Delivery
 */
export const Delivery = message({
  since: uint32,
  duty: enumeration(Duty),
  checkIns: array(bytes(1, 640), 0, MAX_DELIVERY),
});

/**
 * The server's decision on each check-in of a delivery, in its order. `time`: its clock in Unix seconds.
 * @typedef {Decoded<typeof DeliveryAnswer>} DeliveryAnswer
 */
export const DeliveryAnswer = message({ time: uint32, decisions: array(enumeration(Decision), 0, MAX_DELIVERY) });
