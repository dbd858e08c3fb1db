/**
 * The gate of the doors' page, which also signs for papers: the page has its venue's server do that. Spec: §3.8.
 *
 * @import { PaperPass } from '../../protocol/paperPasses.js'
 */

import { Gate } from '../../door/gate.js';
import { Direction, MAX_STAY, TIME_STEP } from '../../protocol/checkIns.js';
import { epochAt } from '../../protocol/epochs.js';
import { Decision } from '../../protocol/httpMessages.js';
import { fromPaperText } from '../../protocol/paperPasses.js';
import { InvalidSignature, Malformed } from '../../protocol/primitives/errors.js';
import { secureRandom } from '../../protocol/primitives/group.js';
import { signPaperCheckIn, verifyPaperCheckIn } from './paperCheckIns.js';
import { passParts, verifyPaper } from './paperPasses.js';

const PAPER_STAY = 60;

export class PaperGate extends Gate {
  /** @param {string} text @param {number} now */
  decideText(text, now) {
    if (!text.startsWith('SPP1:')) return super.decideText(text, now);
    try {
      return this.decidePaper(fromPaperText(text), now);
    } catch (error) {
      if (error instanceof Malformed) return Decision.UNREADABLE;
      throw error;
    }
  }

  /** @param {PaperPass} paper @param {number} now */
  decidePaper(paper, now) {
    const of = this.find(paper.domain);
    if (of === undefined) return Decision.UNKNOWN_DOMAIN;
    const epochKey = of.epochKey(paper.epoch);
    if (epochKey === undefined) return Decision.UNKNOWN_EPOCH;
    const delegated = held(() => verifyPaper(epochKey, paper));
    if (delegated === undefined) return Decision.FORGED;
    const { u } = passParts(paper.publicPass);
    const exit = { domain: paper.domain, epoch: paper.epoch, u, direction: Direction.EXIT, time: now };
    const entry = this.book.other(exit, Direction.ENTRY);
    const isInside = entry !== undefined && PAPER_STAY <= now - entry.time && now - entry.time <= MAX_STAY;
    const today = epochAt(of.domain, now - (now % TIME_STEP));
    if (!isInside && paper.epoch !== today) return paper.epoch < today ? Decision.TOO_OLD : Decision.TOO_EARLY;
    const direction = isInside ? Direction.EXIT : Direction.ENTRY;
    const message = signPaperCheckIn(epochKey, delegated, now, direction, this.venueId, secureRandom);
    const checked = this.checkSigned(message, u, now, (key) => verifyPaperCheckIn(key, message));
    return typeof checked === 'object' ? this.admit(checked) : checked;
  }
}

/** What a verification gives, or undefined if a signature does not hold. @template T @param {() => T} verify */
function held(verify) {
  try {
    return verify();
  } catch (error) {
    if (error instanceof InvalidSignature) return undefined;
    throw error;
  }
}
