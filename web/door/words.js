/**
 * What a door says: the same words as readers in Python, `service/words.py`. Spec: §4.2, §5.5.
 *
 * @import { Pair } from '../ui/language.js'
 */

import { Decision } from '../protocol/httpMessages.js';
import { Problem, Unreachable, WordedError } from '../ui/problems.js';
import { REFUSALS } from '../ui/refusals.js';

/** @type {Record<Decision, Pair>} */
export const DECISIONS = {
  ...REFUSALS,
  [Decision.ADMITTED]: ['welcome', '확인되었습니다'],
  [Decision.TOO_OLD]: [
    'the code is too old; show the live screen, not a picture, or a paper of today, and check the clock',
    '시간이 지난 코드입니다. 사진이 아닌 현재 화면이나 오늘의 종이 출입증을 보여 주시고, 시계도 확인해 주세요',
  ],
  [Decision.TOO_EARLY]: [
    "the code is from the future; check the paper's day, the phone's clock and the door's",
    '코드의 시각이 미래입니다. 종이의 날짜, 휴대전화와 출입문 기기의 시계를 확인해 주세요',
  ],
};

/** @type {Pair} */
export const PAPER_SHOWN_AGAIN = [
  'this paper was shown here before; to leave, show it again a minute after coming in',
  '이미 사용한 종이 출입증입니다. 나갈 때에는 입장하고 1분이 지난 뒤에 다시 보여 주세요',
];
/** @type {Pair} */
export const NOT_STORED = [
  'the check-in could not be stored: there may be no room on the disk; admit nobody until it is',
  '저장하지 못했습니다. 기기의 저장 공간을 확인하고, 그때까지 아무도 입장시키지 마세요',
];
/** @type {Pair} */
export const WRONG_CLOCK = [
  "this device's clock is wrong and its server does not answer; set the clock, or connect it",
  '이 기기의 시계가 맞지 않고 서버가 응답하지 않습니다. 시계를 맞추거나 인터넷에 연결해 주세요',
];
/** @type {Pair} */
export const NEEDS_SERVER = [
  'paper needs the server, which does not answer; take another way in',
  '종이 출입증은 서버가 필요한데 응답이 없습니다. 다른 방법으로 입장해 주세요',
];
/** @type {Pair} */
export const NO_ANSWER = [
  'the server does not answer; try again in a moment',
  '서버가 응답하지 않습니다. 잠시 후 다시 해 주세요',
];
/** @type {Pair} */
export const REVOKED = [
  'the server does not know this reader, or it was revoked; it needs a new credential',
  '서버에 등록되지 않았거나 해지된 리더기입니다. 새 연결 링크가 필요합니다',
];

/** Why something could not be done with the server. @param {unknown} error @returns {Pair} */
export function errorInWords(error) {
  if (error instanceof WordedError) return error.words;
  if (error instanceof Unreachable) return NO_ANSWER;
  if (error instanceof Problem && error.status === 401) return REVOKED;
  const detail = error instanceof Problem ? error.message : error instanceof Error ? error.name : 'unknown';
  return [`the server could not decide: ${detail}`, '서버가 확인하지 못했습니다'];
}
