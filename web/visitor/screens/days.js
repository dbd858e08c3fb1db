/** The passes of a day in words: how many are left, or when the page takes its next step to get them. */

/** @import { Pair } from '../../ui/language.js' */
/** @import { Failure } from '../fetching.js' */
/** @import { Visitor } from '../visitor.js' */
/** @import { Day } from '../walletContents.js' */

import { EPOCH_SECONDS, epochBegins } from '../../protocol/epochs.js';
import { PassesWithheld } from '../errors.js';

/** What asking at once may show, for whom no time was drawn before the day began. @type {Pair} */
export const AT_ONCE = [
  'It takes about a minute. No time was drawn for today before it began: if few others ask just now, the health ' +
    'authority can tell which passes of today are one person’s. For the coming days the times are drawn ahead, and ' +
    'passes come by themselves while this page is open.',
  '1분쯤 걸립니다. 오늘은 미리 정해 둔 요청 시각이 없어, 지금 요청하는 사람이 적으면 보건당국은 오늘의 어느 패스들이 한 ' +
    '사람의 것인지 알 수 있습니다. 다음 날부터는 미리 정한 시각에, 이 화면이 열려 있을 때 저절로 받습니다.',
];

/**
 * Why there are no passes today, and what comes next.
 * @param {Visitor} visitor @param {Day | undefined} today @returns {Pair}
 */
export function emptyDay(visitor, today) {
  if (!today) return ['From tomorrow on they come by themselves.', '내일부터는 저절로 받습니다.'];
  if (today.issued !== null) return ['There are no more for today.', '오늘 패스는 더 없습니다.'];
  if (today.nextAt >= epochBegins(visitor.domain, today.epoch + 1)) {
    return ['No time to ask is left today.', '오늘은 더 요청할 수 없습니다.'];
  }
  const moment = momentOf(visitor, today.nextAt);
  return [
    `This page asks again after ${moment}, while it is open.`,
    `이 화면이 열려 있으면 ${moment} 이후 다시 요청합니다.`,
  ];
}

/**
 * What is told of a day for which fewer passes came than everyone gets: only its owner can know. Null if all came.
 * @param {Visitor} visitor @param {Day} day @returns {Pair | null}
 */
export function withheld(visitor, { epoch, issued }) {
  const { allowance } = visitor.domain;
  if (issued === null || issued >= allowance) return null;
  return new PassesWithheld(visitor.dayName(epoch), issued, allowance).words;
}

/**
 * How it is with a coming day.
 * @param {Visitor} visitor @param {Day | undefined} day @param {Failure | undefined} failure @returns {Pair}
 */
export function comingDay(visitor, day, failure) {
  if (!day) return ['no time drawn yet', '요청 시각 미정'];
  if (day.issued !== null) {
    const count = day.passes.length;
    return [`${count} ${count === 1 ? 'pass' : 'passes'}`, `패스 ${count}개`];
  }
  const moment = momentOf(visitor, day.nextAt);
  if (failure?.unverified) return ['waits for your phone to be verified', '전화번호 확인 필요'];
  if (day.pending?.granted) return [`registered; asks after ${moment}`, `등록됨, ${moment} 이후 요청`];
  return [`registers after ${moment}`, `${moment} 이후 등록`];
}

/** The name of a day, short, in the language of the page. @param {number} epoch */
export function shortDay(epoch) {
  return new Date(epoch * EPOCH_SECONDS * 1000).toLocaleDateString(document.documentElement.lang, {
    timeZone: 'UTC',
    weekday: 'short',
    month: 'short',
    day: 'numeric',
  });
}

/** A time of today by the hour, another with its day. @param {Visitor} visitor @param {number} time */
function momentOf(visitor, time) {
  const [day, hour] = visitor.localTime(time).split(' ');
  return day === visitor.dayName(visitor.today) ? hour : `${day.slice(5).replace('-', '/')} ${hour}`;
}
