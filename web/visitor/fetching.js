/**
 * When the page fetches passes and lists: at times that were drawn before, while it lives, and never because it was
 * opened. Spec: §3.7, §6.2.
 *
 * A step whose time passed while the page was closed waits for a further random time, so that opening the page at a
 * door sends nothing.
 *
 * @import { Visitor } from './visitor.js'
 */

import { EPOCH_SECONDS } from '../protocol/epochs.js';
import { SplitPassError } from '../protocol/primitives/errors.js';
import { Problem, Unreachable } from '../ui/problems.js';
import { NotIssued, PassesWithheld, VisitorError, WalletError } from './errors.js';
import { searchLists } from './lists.js';
import { DAYS_AHEAD, begin, fetchPasses } from './passes.js';
import { randomBelow } from './timing.js';
import { dayOf } from './wallet.js';

/** For how long a step that was due before the page was opened waits, in seconds: at least, and less than. */
const [LEAST_WAIT, MOST_WAIT] = [20, 120];
const LOOK_MILLISECONDS = 15_000;
const UNVERIFIED = ['verification-expired', 'unauthenticated'];

/**
 * What the last try for a day came to: words, and whether the phone has to be verified again.
 * @typedef {{ words: readonly [string, string], unverified: boolean }} Failure
 */

/**
 * Do what is due while the page lives. `changed` is called when something may look different now.
 * @param {Visitor} visitor @param {() => void} changed
 */
export function keepFetching(visitor, changed) {
  const opened = visitor.clock();
  let forgotten = -1;
  const quiet = opened + LEAST_WAIT + randomBelow(MOST_WAIT - LEAST_WAIT);
  const look = async () => {
    try {
      if (forgotten !== visitor.today) await visitor.forgetOld();
      forgotten = visitor.today;
      const wasDue = await dueBefore(visitor, opened);
      if (wasDue && visitor.clock() < quiet) return;
      if (await fetchDue(visitor)) changed();
    } catch (error) {
      if (!(error instanceof WalletError)) throw error; // another tab changed the lock, and has this one begin anew
    }
  };
  look();
  setInterval(look, LOOK_MILLISECONDS);
}

/**
 * Take every step whose time has come; returns whether there was one. One tab at a time does it.
 * @param {Visitor} visitor @returns {Promise<boolean>}
 */
export async function fetchDue(visitor) {
  return navigator.locks.request('splitpass fetching', { ifAvailable: true }, async (lock) => {
    if (!lock || !(await visitor.wallet()).account) return false;
    let acted = await drawAhead(visitor);
    for (let epoch = visitor.today; epoch <= visitor.today + DAYS_AHEAD; epoch += 1) {
      const day = dayOf(await visitor.wallet(), epoch);
      if (!day || day.issued !== null || visitor.clock() < day.nextAt) continue; // without a day: its owner decides
      await fetchDay(visitor, epoch);
      acted = true;
    }
    return (await fetchLists(visitor)) || acted;
  });
}

/**
 * Draw the first time for each coming day that has none; nothing is sent. Returns whether there was such a day.
 * @param {Visitor} visitor
 */
export async function drawAhead(visitor) {
  const known = await visitor.wallet();
  const days = Array.from({ length: DAYS_AHEAD }, (_, ahead) => visitor.today + ahead + 1).filter(
    (epoch) => !dayOf(known, epoch),
  );
  if (days.length === 0) return false;
  await visitor.change((wallet) => ({
    wallet: days.reduce((drawn, epoch) => begin(drawn, visitor, epoch).wallet, wallet),
    value: null,
  }));
  return true;
}

/**
 * Do what is due for a day, and keep how that went.
 * @param {Visitor} visitor @param {number} epoch
 */
export async function fetchDay(visitor, epoch) {
  /** @type {Failure | undefined} */
  let failure;
  try {
    await fetchPasses(visitor, epoch);
  } catch (error) {
    const refusal = error instanceof NotIssued ? error.cause : error;
    const unverified = refusal instanceof Problem && UNVERIFIED.includes(refusal.problem);
    if (unverified) await visitor.store.put('verify', true);
    failure = { words: wordsOf(error), unverified };
  }
  await visitor.store.put(`failure/${epoch}`, failure);
}

/**
 * Ask for today's passes now: on the day of enrolment, or after an absence, when no time was drawn before.
 * @param {Visitor} visitor
 */
export async function fetchToday(visitor) {
  await navigator.locks.request('splitpass fetching', () => fetchDay(visitor, visitor.today));
}

/**
 * When the lists are fetched next, as Unix time; drawn now if it never was.
 * @param {Visitor} visitor @returns {Promise<number>}
 */
export async function listsAt(visitor) {
  const drawn = await visitor.store.get('lists-at');
  if (drawn) return drawn;
  const first = visitor.clock() + randomBelow(EPOCH_SECONDS / 2);
  await visitor.store.put('lists-at', first);
  return first;
}

/** @param {Visitor} visitor */
async function fetchLists(visitor) {
  const now = visitor.clock();
  if (now < (await listsAt(visitor))) return false;
  await visitor.store.put('lists-at', now + EPOCH_SECONDS / 2 + randomBelow(EPOCH_SECONDS)); // before anything is sent
  await searchLists(visitor);
  return true;
}

/** Whether a step was due already at some time. @param {Visitor} visitor @param {number} time */
async function dueBefore(visitor, time) {
  const { days } = await visitor.wallet();
  return days.some(({ issued, nextAt }) => issued === null && nextAt <= time) || (await listsAt(visitor)) <= time;
}

/** @param {unknown} error @returns {readonly [string, string]} */
function wordsOf(error) {
  if (error instanceof VisitorError || error instanceof PassesWithheld) return error.words;
  if (error instanceof Problem && error.status === 404) return ['not published yet', '아직 공개되지 않았습니다'];
  if (error instanceof Problem)
    return [`the operator refused (${error.problem})`, `운영자가 거절했습니다(${error.problem})`];
  if (error instanceof Unreachable) return ['no answer', '응답 없음'];
  if (error instanceof SplitPassError) return [`something is wrong: ${error.name}`, `문제가 있습니다: ${error.name}`];
  throw error;
}

/**
 * Have the browser wake the service worker now and then, where there is such a thing: it fetches what is due.
 * @param {ServiceWorkerRegistration | undefined} registration
 */
export async function fetchInBackground(registration) {
  const { periodicSync } = /** @type {any} */ (registration ?? {});
  await periodicSync?.register('splitpass', { minInterval: 3_600_000 }).catch(() => undefined); // not if not installed
}
