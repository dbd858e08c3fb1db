/**
 * The rules of a wallet: what may be shown, what is kept and for how long. Each makes another wallet of one. Spec:
 * §6.1.
 *
 * @import { Domain } from '../protocol/epochs.js'
 * @import { Day, StoredPass, UsedPass, Visit, Wallet } from './walletContents.js'
 */

import { bytesToHex } from '@noble/hashes/utils.js';
import { MAX_STAY } from '../protocol/checkIns.js';
import { EPOCH_SECONDS, epochAt, epochBegins } from '../protocol/epochs.js';
import { Decision } from '../protocol/httpMessages.js';
import { NoPassLeft, NoVisit } from './errors.js';
import { MAX_DAYS, MAX_PAPERS, MAX_PAST, MAX_VISITS, publicKeyOf } from './walletContents.js';

/** How long the visitor's own check-ins stay in the wallet. */
export const RETENTION_DAYS = 28;
/** How long the passes of forgotten check-ins stay, to find out whether they were opened: retention and embargo. */
export const MEMORY_DAYS = 120;

/** What is kept for an epoch. @param {Wallet} wallet @param {number} epoch @returns {Day | undefined} */
export const dayOf = (wallet, epoch) => wallet.days.find((day) => day.epoch === epoch);

/**
 * The wallet with `day` in the place of what was kept for its epoch.
 * @param {Wallet} wallet @param {Day} day @returns {Wallet}
 */
export function withDay(wallet, day) {
  const others = wallet.days.filter(({ epoch }) => epoch !== day.epoch);
  return { ...wallet, days: [...others, day].sort((one, other) => one.epoch - other.epoch) };
}

/**
 * The wallet with visits in the place of those with the same pass, and the others behind them.
 * @param {Wallet} wallet @param {Visit[]} visits @returns {Wallet}
 */
export function withVisits(wallet, visits) {
  const byPass = new Map([...wallet.visits, ...visits].map((visit) => [bytesToHex(visit.u), visit]));
  return { ...wallet, visits: [...byPass.values()] };
}

/**
 * What is kept of every pass that was used or printed, by its `u` in hexadecimal.
 * @param {Wallet} wallet @returns {Map<string, Visit | UsedPass>}
 */
export function usedPasses(wallet) {
  return new Map([...wallet.past, ...wallet.papers, ...wallet.visits].map((used) => [bytesToHex(used.u), used]));
}

/**
 * The visits by who went together, in order of time; most are groups of one.
 * @param {Wallet} wallet @returns {Visit[][]}
 */
export function groupsOf(wallet) {
  /** @type {Map<string, Visit[]>} */
  const found = new Map();
  for (const visit of wallet.visits) {
    const group = bytesToHex(visit.group);
    found.set(group, [...(found.get(group) ?? []), visit]);
  }
  return [...found.values()];
}

/**
 * `count` unused passes of an epoch, and the wallet without them.
 * @param {Wallet} wallet @param {number} epoch @param {number} count @param {string} dayName
 * @returns {{ taken: readonly StoredPass[], rest: Wallet }}
 * @throws {NoPassLeft} if there are fewer: a group in which some have no pass is turned away as a whole
 */
export function takePasses(wallet, epoch, count, dayName) {
  const day = dayOf(wallet, epoch);
  const left = day?.passes.length ?? 0;
  if (!day || left < count) throw new NoPassLeft(missing(dayName, count, left, (day?.issued ?? null) !== null));
  return { taken: day.passes.slice(0, count), rest: withDay(wallet, { ...day, passes: day.passes.slice(count) }) };
}

/**
 * Those of a group who can leave.
 * @param {readonly Visit[]} group @returns {Visit[]} @throws {NoVisit} if nobody can
 */
export function whoCanLeave(group) {
  const inside = group.filter(({ exitPass, answer }) => exitPass && (answer === null || answer === Decision.ADMITTED));
  if (inside.length === 0) {
    throw new NoVisit([
      'That visit is over, was refused, or began too long ago.',
      '끝났거나 거절되었거나 너무 오래된 방문입니다.',
    ]);
  }
  return inside;
}

/**
 * The wallet without past days, exits that come too late, and what is older than the retention period. Of the last, the
 * passes alone are kept until `MEMORY_DAYS` after their day.
 * @param {Wallet} wallet @param {Domain} domain @param {number} now @returns {Wallet}
 */
export function withoutExpired(wallet, domain, now) {
  const [today, oldest] = [epochAt(domain, now), now - RETENTION_DAYS * EPOCH_SECONDS];
  const visits = wallet.visits.filter(({ entered }) => entered >= oldest);
  const papers = wallet.papers.filter(({ epoch }) => epochBegins(domain, epoch + 1) >= oldest);
  const kept = new Set([...visits, ...papers].map(({ u }) => bytesToHex(u)));
  const past = [...usedPasses(wallet)].filter(
    ([u, { epoch }]) => !kept.has(u) && epochBegins(domain, epoch + 1) >= now - MEMORY_DAYS * EPOCH_SECONDS,
  );
  return {
    account: wallet.account,
    days: wallet.days.filter(({ epoch }) => epoch >= today),
    visits: visits.map((visit) => (now <= visit.entered + MAX_STAY ? visit : { ...visit, exitPass: null })),
    papers,
    past: past.map(([, { epoch, u }]) => ({ epoch, u })),
  };
}

/**
 * The wallet without what is too much of it, so that nothing ever hinders a pass from being marked as used. Of the
 * oldest visits and papers the passes alone are kept, and of those the newest.
 * @param {Wallet} wallet @returns {Wallet}
 */
export function withinLimits(wallet) {
  const older = [...wallet.papers.slice(0, -MAX_PAPERS), ...wallet.visits.slice(0, -MAX_VISITS)];
  return {
    account: wallet.account,
    days: wallet.days.slice(0, MAX_DAYS),
    visits: wallet.visits.slice(-MAX_VISITS),
    papers: wallet.papers.slice(-MAX_PAPERS),
    past: [...wallet.past, ...older.map(({ epoch, u }) => ({ epoch, u }))].slice(-MAX_PAST),
  };
}

/**
 * Passes that were taken, as visits of one group that begin at the Unix time `entered`.
 * @param {readonly StoredPass[]} taken @param {number} epoch @param {Uint8Array} group 16 random bytes
 * @param {number} entered @param {Visit['venue']} venue
 * @returns {Visit[]}
 */
export function visitsWith(taken, epoch, group, entered, venue) {
  return taken.map((stored) => ({
    epoch,
    u: publicKeyOf(stored),
    group,
    entered,
    venue,
    answer: null,
    left: null,
    exitPass: stored,
  }));
}

/**
 * Why there are no `count` passes for a day.
 * @param {string} day @param {number} count @param {number} left @param {boolean} came
 * @returns {[string, string]}
 */
function missing(day, count, left, came) {
  if (!came)
    return [
      `No passes for ${day} have come yet; use paper or ask staff.`,
      `${day} 패스를 아직 받지 못했습니다. 종이 출입증을 쓰거나 직원에게 문의하세요.`,
    ];
  if (left === 0)
    return [
      `There is no pass left for ${day}; use paper or ask staff.`,
      `${day} 패스가 남아 있지 않습니다. 종이 출입증을 쓰거나 직원에게 문의하세요.`,
    ];
  return [
    `${count} passes are needed and ${left} left for ${day}.`,
    `${day} 패스가 ${count}개 필요한데 ${left}개 남았습니다.`,
  ];
}
