/**
 * Why a door refuses a code, as visitors are told. A door tells those before it more of what to show it. Spec: §4.2,
 * §5.5.
 *
 * @import { Pair } from './language.js'
 */

import { Decision } from '../protocol/httpMessages.js';

/** @type {Record<Exclude<Decision, typeof Decision.ADMITTED>, Pair>} */
export const REFUSALS = {
  [Decision.UNREADABLE]: ['this is not a SplitPass code', 'SplitPass QR 코드가 아닙니다'],
  [Decision.UNKNOWN_DOMAIN]: [
    'the code belongs to a log that this door does not serve',
    '이 출입문에서 쓰지 않는 명부의 코드입니다',
  ],
  [Decision.UNKNOWN_EPOCH]: [
    "this door does not have the day's keys, and must fetch them online",
    '이 출입문에 오늘의 키가 없습니다. 인터넷에 연결해 키를 받아야 합니다',
  ],
  [Decision.TOO_OLD]: ['the code is too old; check the clock', '시간이 지난 코드입니다. 시계를 확인해 주세요'],
  [Decision.TOO_EARLY]: [
    'the code is from the future; check the clock',
    '코드의 시각이 미래입니다. 시계를 확인해 주세요',
  ],
  [Decision.OTHER_VENUE]: ['the code was made for another venue', '다른 시설에서 만든 코드입니다'],
  [Decision.FORGED]: ["the code's signatures do not hold", '서명이 올바르지 않은 코드입니다'],
  [Decision.ALREADY_SPENT]: [
    'this pass was used here before; show a new code',
    '이미 사용한 코드입니다. 새 코드를 보여 주세요',
  ],
  [Decision.NO_ENTRY]: [
    'this is an exit code, but its pass did not check in here within twelve hours',
    '퇴장 코드인데 12시간 안에 여기서 입장한 기록이 없습니다',
  ],
};
