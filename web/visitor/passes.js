/**
 * Fetching a day's passes ahead of time. Spec: §3.6, §3.7.
 *
 * Registering and asking are two steps, at two times that were drawn before. The next time is stored before a step is
 * taken, so that no answer, failure or crash makes an early one. `h` is stored before its handle is registered, and
 * leaves the wallet with the first answer.
 *
 * @import { EpochKey } from '../protocol/epochs.js'
 * @import { OwnedPass, PendingPass } from '../protocol/passes.js'
 * @import { Visitor } from './visitor.js'
 * @import { Account, PendingHandle, Wallet } from './walletContents.js'
 */

import { Role, epochBegins } from '../protocol/epochs.js';
import { HandleGrant, HandleRegistration, registerHandle, verifyGrant } from '../protocol/handles.js';
import { AllowanceRequest, PassAnswers, acceptAnswers, requestAllowance } from '../protocol/passes.js';
import { InvalidEntry, SplitPassError } from '../protocol/primitives/errors.js';
import { Problem, Unreachable } from '../ui/problems.js';
import { NotIssued, PassesWithheld } from './errors.js';
import { drawTime } from './timing.js';
import { dayOf, withDay } from './wallet.js';
import { storedPass } from './walletContents.js';

/** Longer than an operator may take to answer a request for passes. */
const ANSWER_SECONDS = 180;

/** How far ahead passes are fetched. */
export const DAYS_AHEAD = 3;

/** What may be done for an epoch just now. @typedef {'nothing' | 'one step' | 'both steps'} Due */

/**
 * Do what is due for an epoch; returns how many passes came, 0 if it was not the time to ask.
 * @param {Visitor} visitor @param {number} epoch @returns {Promise<number>}
 * @throws before passes are asked for: `Problem` (404: not published yet), `Unreachable`, or the `SplitPassError` that
 * an epoch statement or grant deserves; after that `NotIssued` if no answer came, and `PassesWithheld` if it held fewer
 * passes than it should. Those that came are kept, and the epoch is never asked for again.
 */
export async function fetchPasses(visitor, epoch) {
  const account = await visitor.account();
  const due = await visitor.change((wallet) => begin(wallet, visitor, epoch));
  if (due === 'nothing') return 0;
  await visitor.epochs.fetch(visitor.client, epoch);
  const epochKey = await visitor.epochKey(epoch);
  const pending = await visitor.change((wallet) => handle(wallet, epochKey, account));
  if (!pending.granted) {
    await register(visitor, epochKey, account, pending);
    await visitor.change((wallet) => noteGrant(wallet, epoch, pending));
    if (due === 'one step') return 0;
  }
  const { requested, answer } = await ask(visitor, epochKey, account, pending);
  const passes = accept(epochKey, requested, answer);
  await visitor.change((wallet) => keep(wallet, epoch, pending, passes));
  if (passes.length < visitor.domain.allowance) {
    throw new PassesWithheld(visitor.dayName(epoch), passes.length, visitor.domain.allowance);
  }
  return passes.length;
}

/**
 * What is due for an epoch. If anything is, the time of the step after it is drawn, whatever will come of it.
 * @param {Wallet} wallet @param {Pick<Visitor, 'clock' | 'domain'>} visitor @param {number} epoch
 * @returns {{ wallet: Wallet, value: Due }}
 */
export function begin(wallet, { clock, domain }, epoch) {
  const [day, now, begins] = [dayOf(wallet, epoch), clock(), epochBegins(domain, epoch)];
  const nextAt = drawTime(begins, now);
  if (!day) {
    const fresh = { epoch, nextAt, pending: null, passes: [], issued: null };
    return { wallet: withDay(wallet, fresh), value: begins <= now ? 'both steps' : 'nothing' };
  }
  if (day.issued !== null || now < day.nextAt) return { wallet, value: 'nothing' };
  return { wallet: withDay(wallet, { ...day, nextAt }), value: 'one step' };
}

/**
 * The handle of the epoch, drawn if there is none yet.
 * @param {Wallet} wallet @param {EpochKey} epochKey @param {Account} account
 * @returns {{ wallet: Wallet, value: PendingHandle }}
 */
function handle(wallet, epochKey, account) {
  const day = dayOf(wallet, epochKey.epoch);
  if (!day || day.issued !== null) {
    throw new NotIssued([
      'Another window changed the account, or fetched its passes, meanwhile.',
      '그사이 다른 창에서 계정을 바꾸었거나 패스를 받았습니다.',
    ]);
  }
  if (day.pending) return { wallet, value: day.pending };
  const pending = { ...registerHandle(epochKey, account.session.accountId), granted: 0 };
  return { wallet: withDay(wallet, { ...day, pending }), value: pending };
}

/**
 * Register the handle, and check that the directory now holds what this visitor said.
 * @param {Visitor} visitor @param {EpochKey} epochKey @param {Account} account @param {PendingHandle} pending
 */
async function register({ client, servers }, epochKey, account, { registration }) {
  const body = HandleRegistration.toBytes(registration);
  const { token } = account.session;
  const answer = await client.call('POST', `${servers.urls[Role.OPERATOR]}/v1/handles`, { body, token });
  const record = verifyGrant(epochKey, registration.handle, HandleGrant.fromBytes(answer));
  if (record.phone !== account.phone || record.name !== account.name) {
    throw new InvalidEntry('the operator signed another phone number or name than the one that it verified');
  }
}

/**
 * Ask for one allowance.
 * @param {Visitor} visitor @param {EpochKey} epochKey @param {Account} account @param {PendingHandle} pending
 */
async function ask({ client, servers }, epochKey, account, { h }) {
  const { pending: requested, request } = requestAllowance(epochKey, h);
  const url = `${servers.urls[Role.OPERATOR]}/v1/passes`;
  const { token } = account.session;
  try {
    const body = AllowanceRequest.toBytes(request);
    return { requested, answer: await client.call('POST', url, { body, token, seconds: ANSWER_SECONDS }) };
  } catch (error) {
    if (!(error instanceof Problem || error instanceof Unreachable)) throw error;
    const why = error.message.split(';')[0]; // without the advice for those who draw no time to ask again
    throw new NotIssued([`No passes came this time: ${why}.`, '이번에는 패스를 받지 못했습니다.'], { cause: error });
  }
}

/**
 * The passes in an answer, none if it is no answer at all: to ask again would tell which were good.
 * @param {EpochKey} epochKey @param {PendingPass[]} requested @param {Uint8Array} answer
 */
function accept(epochKey, requested, answer) {
  try {
    return acceptAnswers(epochKey, requested, PassAnswers.fromBytes(answer));
  } catch (error) {
    if (error instanceof SplitPassError) return [];
    throw error;
  }
}

/** @param {Wallet} wallet @param {number} epoch @param {PendingHandle} pending */
function noteGrant(wallet, epoch, pending) {
  const granted = { ...pending, granted: 1 };
  return { wallet: withDay(wallet, { ...waiting(wallet, epoch, pending), pending: granted }), value: null };
}

/**
 * Keep the passes, and forget `h`.
 * @param {Wallet} wallet @param {number} epoch @param {PendingHandle} pending @param {OwnedPass[]} owned
 */
function keep(wallet, epoch, pending, owned) {
  const day = {
    ...waiting(wallet, epoch, pending),
    pending: null,
    passes: owned.map(storedPass),
    issued: owned.length,
  };
  return { wallet: withDay(wallet, day), value: null };
}

/**
 * The day that waits for this handle's passes.
 * @param {Wallet} wallet @param {number} epoch @param {PendingHandle} pending @throws {NotIssued} if none does any more
 */
function waiting(wallet, epoch, { h }) {
  const day = dayOf(wallet, epoch);
  if (day?.pending?.h.equals(h)) return day;
  throw new NotIssued([
    'The account was changed while its passes were on their way.',
    '패스를 받는 동안 계정이 바뀌었습니다.',
  ]);
}
