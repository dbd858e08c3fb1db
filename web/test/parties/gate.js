/**
 * A door's decisions, with what it admitted in memory. Spec: §3.8, §4.2.
 *
 * @import { Domain, EpochKey } from '../../protocol/epochs.js'
 * @import { CheckInMessage } from '../../protocol/checkIns.js'
 * @import { PaperCheckInMessage } from './paperCheckIns.js'
 * @import { PaperPass } from '../../protocol/paperPasses.js'
 */

import { bytesToHex } from '@noble/hashes/utils.js';
import { Direction, MAX_STAY, TIME_STEP, possibleEpochs } from '../../protocol/checkIns.js';
import { epochAt } from '../../protocol/epochs.js';
import { Decision } from '../../protocol/httpMessages.js';
import { sameBytes } from '../../protocol/primitives/encoding.js';
import { InvalidSignature, Malformed } from '../../protocol/primitives/errors.js';
import { secureRandom } from '../../protocol/primitives/group.js';
import { fromQrText } from '../../protocol/qrText.js';
import { uOf, verifyAnyCheckIn } from './anyCheckIn.js';
import { signPaperCheckIn } from './paperCheckIns.js';
import { fromPaperText, passParts, verifyPaper } from './paperPasses.js';

const PAPER_STAY = 60;

export class Gate {
  /** What was admitted: time and epoch by direction and `u`. @type {Map<string, { time: number, epoch: number }>} */
  #store = new Map();

  /**
   * @param {Domain} domain @param {Map<number, EpochKey>} epochKeys those that the door has
   * @param {Uint8Array} venueId @param {number} tolerance seconds
   */
  constructor(domain, epochKeys, venueId, tolerance) {
    this.domain = domain;
    this.epochKeys = epochKeys;
    this.venueId = venueId;
    this.tolerance = tolerance;
  }

  /** On the text of a code that is shown. @param {string} text @param {number} now */
  decideText(text, now) {
    try {
      if (text.startsWith('SPP1:')) return this.decidePaper(fromPaperText(text), now);
      return this.decide(fromQrText(text), now);
    } catch (error) {
      if (error instanceof Malformed) return Decision.UNREADABLE;
      throw error;
    }
  }

  /** @param {PaperPass} paper @param {number} now */
  decidePaper(paper, now) {
    if (paper.domain !== this.domain.number) return Decision.UNKNOWN_DOMAIN;
    const epochKey = this.epochKeys.get(paper.epoch);
    if (epochKey === undefined) return Decision.UNKNOWN_EPOCH;
    const delegated = held(() => verifyPaper(epochKey, paper));
    if (delegated === undefined) return Decision.FORGED;
    const entry = this.#entryOf(passParts(paper.publicPass).u);
    const isInside = entry !== undefined && PAPER_STAY <= now - entry.time && now - entry.time <= MAX_STAY;
    const today = epochAt(this.domain, now - (now % TIME_STEP));
    if (!isInside && paper.epoch !== today) return paper.epoch < today ? Decision.TOO_OLD : Decision.TOO_EARLY;
    const direction = isInside ? Direction.EXIT : Direction.ENTRY;
    return this.decide(signPaperCheckIn(epochKey, delegated, now, direction, this.venueId, secureRandom), now);
  }

  /** @param {CheckInMessage | PaperCheckInMessage} checkIn @param {number} now */
  decide(checkIn, now) {
    const { domain, venueId, time, direction } = checkIn;
    if (domain !== this.domain.number) return Decision.UNKNOWN_DOMAIN;
    if (venueId !== null && !sameBytes(venueId, this.venueId)) return Decision.OTHER_VENUE;
    if (time < now - this.tolerance) return Decision.TOO_OLD;
    if (time > now + this.tolerance) return Decision.TOO_EARLY;
    const { first, last } = possibleEpochs(this.domain, time, direction);
    const epochs = Array.from({ length: last - first + 1 }, (_, i) => first + i);
    const keys = epochs.flatMap((epoch) => this.epochKeys.get(epoch) ?? []);
    const epochKey = keys.find((key) => held(() => verifyAnyCheckIn(key, checkIn) ?? true));
    if (epochKey === undefined) return keys.length < epochs.length ? Decision.UNKNOWN_EPOCH : Decision.FORGED;
    const u = uOf(checkIn);
    if (direction === Direction.EXIT) {
      const entry = this.#entryOf(u);
      const stay = entry === undefined ? -1 : time - entry.time;
      if (entry?.epoch !== epochKey.epoch || stay < 0 || stay > MAX_STAY) return Decision.NO_ENTRY;
    }
    const name = nameOf(direction, u);
    if (this.#store.has(name)) return Decision.ALREADY_SPENT;
    this.#store.set(name, { time, epoch: epochKey.epoch });
    return Decision.ADMITTED;
  }

  /** @param {Uint8Array} u */
  #entryOf(u) {
    return this.#store.get(nameOf(Direction.ENTRY, u));
  }
}

/** @param {Direction} direction @param {Uint8Array} u */
const nameOf = (direction, u) => `${direction} ${bytesToHex(u)}`;

/** What a verification gives, or undefined if a signature does not hold. @template T @param {() => T} verify */
function held(verify) {
  try {
    return verify();
  } catch (error) {
    if (error instanceof InvalidSignature) return undefined;
    throw error;
  }
}
