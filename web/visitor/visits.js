/**
 * Using passes: the QR screen, check-ins by a poster's link, and exits. Spec: §3.8.
 *
 * A pass is burned before anyone sees it: first the stored wallet says that it is used, then it is shown or sent. What
 * happens in between costs one pass and never shows one twice.
 *
 * @import { EpochKey } from '../protocol/epochs.js'
 * @import { Venue } from '../protocol/warrants.js'
 * @import { VenueClient } from './venueClient.js'
 * @import { Visitor } from './visitor.js'
 * @import { StoredPass, Visit } from './walletContents.js'
 */

import { CheckInMessage, Direction, TIME_STEP, possibleEpochs, signCheckIn } from '../protocol/checkIns.js';
import { epochAt } from '../protocol/epochs.js';
import { Decision, DoorAnswer } from '../protocol/httpMessages.js';
import { WrongEpoch } from '../protocol/primitives/errors.js';
import { sameBytes } from '../protocol/primitives/encoding.js';
import { toQrText } from '../protocol/qrText.js';
import { NoVisit } from './errors.js';
import { takePasses, visitsWith, withVisits } from './wallet.js';
import { ownedPass } from './walletContents.js';

/** One opening of the QR screen for one person: one pass and one direction, signed anew for every time. */
export class Screen {
  #epochKey;
  #owned;

  /** @param {EpochKey} epochKey @param {StoredPass} stored @param {Direction} direction */
  constructor(epochKey, stored, direction) {
    this.#epochKey = epochKey;
    this.#owned = ownedPass(stored);
    this.direction = direction;
  }

  /**
   * The QR code's text at a Unix time.
   * @param {number} now @returns {string} @throws {WrongEpoch} when the pass is of another day
   */
  text(now) {
    const { domain, epoch } = this.#epochKey;
    const time = labelTime(now);
    const { first, last } = possibleEpochs(domain, time, this.direction);
    if (epoch < first || last < epoch) throw new WrongEpoch('a new day has begun');
    return toQrText(signCheckIn(this.#epochKey, this.#owned, time, this.direction));
  }
}

/**
 * Burn a pass of today for each of some people and open the screen that shows them.
 * @param {Visitor} visitor @param {number} people @returns {Promise<Screen[]>} @throws {NoPassLeft}
 */
export async function openEntries(visitor, people) {
  const { epochKey, group } = await burn(visitor, null, people);
  return group.map(({ exitPass }) => new Screen(epochKey, /** @type {StoredPass} */ (exitPass), Direction.ENTRY));
}

/**
 * Burn a pass of today for each of some people and send their entries, bound to `venue`, to its server. Ask the person
 * first: a link never checks in by itself. Who got no answer stays in the wallet as unconfirmed.
 * @param {Visitor} visitor @param {VenueClient} client @param {Venue} venue @param {number} people
 * @returns {Promise<Decision[]>} what the door said to each
 * @throws {NoPassLeft | Problem | Unreachable | Malformed}
 */
export async function checkIn(visitor, client, venue, people) {
  const { epochKey, group } = await burn(visitor, venue, people);
  /** @type {Decision[]} */
  const decisions = [];
  for (const visit of group) {
    const stored = /** @type {StoredPass} */ (visit.exitPass);
    const answer = await submit(client, venue, epochKey, stored, visit.entered, Direction.ENTRY);
    await keep(visitor, [{ ...visit, answer }]);
    decisions.push(answer);
  }
  return decisions;
}

/**
 * Open the screen that shows exits with the passes of the entries.
 * @param {Visitor} visitor @param {Visit[]} group @returns {Promise<Screen[]>} @throws {NoVisit}
 */
export async function openExits(visitor, group) {
  const left = labelTime(visitor.clock());
  const screens = [];
  for (const visit of group) {
    screens.push(new Screen(await visitor.epochKey(visit.epoch), exitPassOf(visit), Direction.EXIT));
  }
  await keep(
    visitor,
    group.map((visit) => ({ ...visit, left })),
  );
  return screens;
}

/**
 * Send exits with the passes of the entries to the venue of scan-mode visits. An exit that the door has already is one
 * whose answer was lost: that visit is over, and counts as admitted. It can be repeated until the door admits all.
 * @param {Visitor} visitor @param {VenueClient} client @param {Visit[]} group @returns {Promise<Decision[]>}
 * @throws {NoVisit | Problem | Unreachable | Malformed}
 */
export async function checkOut(visitor, client, group) {
  /** @type {Decision[]} */
  const decisions = [];
  for (const visit of group) {
    const { venue, epoch } = visit;
    if (venue === null) throw new NoVisit(['Show the exit code there.', '그곳에서 퇴장 QR 코드를 보여 주세요.']);
    const left = labelTime(visitor.clock());
    const epochKey = await visitor.epochKey(epoch);
    const said = await submit(client, venue, epochKey, exitPassOf(visit), left, Direction.EXIT);
    // Only this wallet can sign with the pass.
    const decision = said === Decision.ALREADY_SPENT ? Decision.ADMITTED : said;
    if (decision === Decision.ADMITTED) await keep(visitor, [{ ...visit, left, exitPass: null }]);
    decisions.push(decision);
  }
  return decisions;
}

/**
 * Who was checked in at a venue by its poster and has not left, as far as the wallet knows.
 * @param {Visitor} visitor @param {Venue} venue
 */
export async function inside(visitor, venue) {
  const there = await visitsAt(visitor, venue);
  return there.filter(({ answer, exitPass }) => answer === Decision.ADMITTED && exitPass !== null);
}

/**
 * Who may be inside: their check-in of today got no answer, and nobody was checked in there since.
 * @param {Visitor} visitor @param {Venue} venue
 */
export async function unanswered(visitor, venue) {
  const there = (await visitsAt(visitor, venue)).filter(({ epoch }) => epoch === visitor.today);
  const since = there.findLastIndex(({ answer }) => answer === Decision.ADMITTED) + 1;
  return there.slice(since).filter(({ answer, exitPass }) => answer === null && exitPass !== null);
}

/** @param {Visitor} visitor @param {Venue} venue */
async function visitsAt(visitor, { venueId }) {
  return (await visitor.wallet()).visits.filter(({ venue }) => venue && sameBytes(venue.venueId, venueId));
}

/** A Unix time as labels carry it. @param {number} now */
const labelTime = (now) => now - (now % TIME_STEP);

/**
 * Move passes of today from the unused to the visits, durably: one for each person, or none.
 * @param {Visitor} visitor @param {Venue | null} venue @param {number} people
 */
async function burn(visitor, venue, people) {
  const time = labelTime(visitor.clock());
  const epoch = epochAt(visitor.domain, time);
  const epochKey = await visitor.epochs.key(epoch);
  const drawn = crypto.getRandomValues(new Uint8Array(16));
  const group = await visitor.change((wallet) => {
    const { taken, rest } = takePasses(wallet, epoch, people, visitor.dayName(epoch));
    if (!epochKey) throw new NoVisit([`The keys for ${visitor.dayName(epoch)} are missing.`, '오늘의 키가 없습니다.']);
    const visits = visitsWith(taken, epoch, drawn, time, venue);
    return { wallet: withVisits(rest, visits), value: visits };
  });
  return { epochKey: /** @type {EpochKey} */ (epochKey), group };
}

/** @param {Visitor} visitor @param {Visit[]} visits */
const keep = (visitor, visits) => visitor.change((wallet) => ({ wallet: withVisits(wallet, visits), value: null }));

/** @param {Visit} visit @returns {StoredPass} @throws {NoVisit} */
function exitPassOf({ exitPass }) {
  if (exitPass) return exitPass;
  throw new NoVisit(['That visit is over.', '이미 끝난 방문입니다.']);
}

/**
 * @param {VenueClient} client @param {Venue} venue @param {EpochKey} epochKey @param {StoredPass} stored
 * @param {number} time @param {Direction} direction
 */
async function submit(client, { venueId, url }, epochKey, stored, time, direction) {
  const message = signCheckIn(epochKey, ownedPass(stored), time, direction, venueId);
  const body = CheckInMessage.toBytes(message);
  return DoorAnswer.fromBytes(await client.call('POST', `${url.replace(/\/$/u, '')}/v1/check-ins`, body)).decision;
}
