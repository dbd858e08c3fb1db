/** What a visitor is told when something cannot be done. */

import { WordedError } from '../ui/problems.js';

/** Base of what the page itself cannot do. */
export class VisitorError extends WordedError {}

/** The wallet is missing, damaged, or of another domain. It is left as it is. */
export class WalletError extends VisitorError {}

/** A request for passes got no answer, whatever the cause. The client asks again at a time that it drew before. */
export class NotIssued extends VisitorError {}

/** The answer for a day held fewer good passes than the allowance. The client never asks for this day again. */
export class PassesWithheld extends VisitorError {
  /** @param {string} day @param {number} count @param {number} allowance */
  constructor(day, count, allowance) {
    super([
      `${day}: only ${count} of ${allowance} passes came. The operator or the health authority kept the others back. ` +
        'To ask again would show which passes are yours, so there are no more for this day.',
      `${day}: 패스 ${allowance}개 중 ${count}개만 도착했습니다. 운영자나 보건당국이 나머지를 주지 않았습니다. ` +
        '다시 요청하면 어느 패스가 회원님의 것인지 드러나므로 이날에는 더 받지 않습니다.',
    ]);
    this.count = count;
  }
}

/** The wallet holds no unused pass for the day, or fewer than there are people. */
export class NoPassLeft extends VisitorError {}

/** There is no check-in that the visitor could check out of. */
export class NoVisit extends VisitorError {}
